"""Founding a practice; and demo data under production's setting, real data under the demo's: both are refused."""

import io
import os
import subprocess
import sys
from urllib.parse import quote, urlsplit

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client

from practice import founding
from practice.demo import stepping
from practice.models import (
    AppointmentType,
    AuditEvent,
    ConsentText,
    Invitation,
    Location,
    Message,
    Practice,
    StaffRole,
    User,
)
from practice.roles import Role
from practice.visit_kinds import make_kinds
from tests import cast
from tests.practice.test_settings import PRODUCTION

PROCESSES = {
    "web": ["-c", "import practice.wsgi"],
    "worker": ["-m", "celery", "-A", "practice", "worker", "-c", "1", "--without-gossip", "--without-mingle"],
    "beat": ["-m", "celery", "-A", "practice", "beat", "--pidfile="],
    "loop": ["manage.py", "send_due", "--loop"],
    "once": ["manage.py", "send_due"],
    "preparing": ["-m", "launch.preparing"],
}


def begun(processes: dict[str, list[str]] = PROCESSES, **changed: str) -> dict[str, tuple[int, str]]:
    """Begin one of each on this database under production's environment: how each ended and what it said.

    One after the other: six at once on a busy machine may wait longer for PostgreSQL than they are told to, and then
    speak of that.
    """
    facts = connection.settings_dict
    user, host = quote(facts["USER"], safe=""), quote(facts["HOST"], safe="")
    place = f"{user}@{host}:{facts['PORT']}" if facts["PORT"] else f"{user}@{host}"
    environ = PRODUCTION | {
        "PATH": os.environ["PATH"],
        "DJANGO_SETTINGS_MODULE": "practice.settings",
        "DATABASE_URL": f"postgres://{place}/{facts['NAME']}",
        "REDIS_URL": settings.REDIS_URL,
        "PGPASSWORD": facts["PASSWORD"] or "",
    }
    how = {"cwd": settings.BASE_DIR, "env": environ | changed, "stderr": subprocess.PIPE, "text": True, "timeout": 120}
    ended = {name: subprocess.run([sys.executable, *words], check=False, **how) for name, words in processes.items()}
    return {name: (process.returncode, process.stderr) for name, process in ended.items()}


def test_nothing_of_production_begins_on_the_demo_clinic(committed_db):
    cast.clinic()
    for name, (status, said) in begun().items():
        assert status != 0, name
        assert founding.DEMO_DATA in said, f"{name}: {said}"


def test_nothing_of_the_demo_begins_on_a_real_practice(committed_db):
    cast.clinic()
    Practice.objects.update(is_demo=False)
    for name, (status, said) in begun(EVENKEEL_DEMO="1").items():
        assert status != 0, name
        assert founding.REAL_DATA in said, f"{name}: {said}"


@pytest.mark.parametrize("demo", [True, False])
def test_an_empty_database_is_nobodys_yet(db, settings, demo):
    settings.DEMO = demo
    founding.must_match_setting()


@pytest.mark.parametrize("demo", [True, False])
@pytest.mark.parametrize("missing", ["DROP TABLE practice_practice", "ALTER TABLE practice_practice DROP is_demo"])
def test_a_database_before_its_migrations_is_nobodys_yet(clinic, settings, demo, missing):
    settings.DEMO = demo
    with connection.cursor() as cursor:
        cursor.execute(missing)
    founding.must_match_setting()


def test_each_setting_begins_on_its_own_data(clinic, settings):
    founding.must_match_setting()
    Practice.objects.update(is_demo=False)
    with pytest.raises(ImproperlyConfigured, match="unset EVENKEEL_DEMO"):
        founding.must_match_setting()
    settings.DEMO = False
    founding.must_match_setting()


def test_nobody_steps_in_as_somebody_of_a_real_practice(clinic, front_desk):
    assert stepping.person_for(Role.FRONT_DESK) == front_desk
    Practice.objects.update(is_demo=False)
    with pytest.raises(stepping.NobodyThere):
        stepping.person_for(Role.FRONT_DESK)


# -- Founding ----------------------------------------------------------------------------------------------------------
ANSWERS = {
    "name": "Harbor Pain Therapy",
    "short_name": "Harbor",
    "phone": "(541) 555-0190",
    "address": "2 Pier Road, Harbor, Oregon",
    "opening_hours": "Monday to Friday, 8 am to 6 pm",
    "opens_at": "08:00",
    "closes_at": "18:00",
    "time_zone": "America/Los_Angeles",
    "location_name": "Pier Road",
    "rooms": "Blue, Green , Blue",
    "session_price": "152.50",
    "joint_price": "170",
    "local_emergency_number": "",
    "local_crisis_line": "",
    "manager_name": "Ada Lindqvist",
    "manager_email": "ada@harbor.example",
}
OPTIONS = [f"--{name.replace('_', '-')}={value}" for name, value in ANSWERS.items()]


@pytest.fixture
def production(db, settings):
    settings.DEMO = False


def found(**changed) -> str:
    out = io.StringIO()
    call_command("found", **ANSWERS | changed, no_input=True, stdout=out)
    return out.getvalue()


def test_a_practice_is_founded_with_all_it_needs_to_invite_its_people(production):
    said = found()
    practice, place = Practice.objects.get(), Location.objects.get()
    assert (practice.pk, practice.name, str(practice.phone), practice.is_demo) == (
        1,
        ANSWERS["name"],
        "+15415550190",
        False,
    )
    assert (place.name, place.zone, [room.name for room in place.rooms.order_by("pk")]) == (
        "Pier Road",
        "America/Los_Angeles",
        ["Blue", "Green"],
    )
    prices = dict(AppointmentType.objects.values_list("code", "price_cents"))
    assert prices == {"CONSULT_FREE": 0, "SESSION": 15250, "BOOSTER": 15250, "FAMILY": 17000}
    assert {"TREATMENT", "SMS", "EMAIL", "NPP_ACK"} <= set(ConsentText.objects.values_list("type", flat=True))
    assert "phq-9: waits" in said.lower()
    assert Invitation.objects.get().roles == ["manager"]
    assert Message.objects.get().kind == "invitation"
    assert AuditEvent.objects.filter(object_type="practice.practice", action="create").count() == 1


def test_the_first_manager_comes_in_by_the_link_that_is_printed(production):
    link = urlsplit(found().split()[-1]).path
    assert Client().get(link).status_code == 200
    Client().post(link, {"password": "four plain words here"})
    assert list(StaffRole.objects.values_list("user__email", "role")) == [("ada@harbor.example", "manager")]


def test_a_second_founding_is_refused_and_changes_nothing(production):
    found()
    with pytest.raises(CommandError, match="has its practice, Harbor Pain Therapy; one database serves one"):
        found(name="Another")
    assert (Practice.objects.get().name, Location.objects.count(), Invitation.objects.count()) == (
        ANSWERS["name"],
        1,
        1,
    )


def test_two_that_found_at_the_same_moment_make_one_practice(production, monkeypatch):
    found()
    monkeypatch.setattr(Practice.objects, "exists", lambda: False)  # as the second one looked, nothing was there
    with pytest.raises(founding.AlreadyFounded, match="Harbor Pain Therapy"):
        founding.found(by=None, plan=founding.Plan(**PLAN))
    assert Location.objects.count() == 1


PLAN = {name: ANSWERS[name] for name in ("name", "short_name", "phone", "address", "opening_hours", "time_zone")} | {
    "opens_at": "08:00",
    "closes_at": "18:00",
    "location_name": "Pier Road",
    "rooms": (),
    "session_cents": 1,
    "joint_cents": 1,
    "manager_name": "Ada",
    "manager_email": "ada@harbor.example",
}


def test_the_demo_setting_founds_nothing(db, settings):
    settings.DEMO = True
    with pytest.raises(CommandError, match="EVENKEEL_DEMO is set.*unset it to found a real practice"):
        found()
    with pytest.raises(founding.OnlyInProduction):
        founding.found(by=None, plan=founding.Plan(**PLAN))
    assert not Practice.objects.exists()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"time_zone": "Oregon"}, "--time-zone: Oregon is not a time zone we know."),
        ({"closes_at": "07:00"}, "--closes-at: It closes after it opens."),
        ({"manager_email": "ada"}, "--manager-email: Add the whole address"),
        ({"name": None, "phone": "12"}, "\n  --name: This one is still open.\n  --phone: "),
        ({"rooms": "x" * 61}, "--rooms: A room's name has at most 60 letters."),
    ],
)
def test_what_cannot_be_taken_is_named_by_its_option(production, wrong, said):
    with pytest.raises(CommandError) as refusal:
        found(**wrong)
    assert said in str(refusal.value)
    assert not Practice.objects.exists()


def test_parts_of_a_practice_made_by_hand_are_told_apart_from_a_practice(production):
    make_kinds(session_cents=1, joint_cents=1)
    with pytest.raises(CommandError, match="already holds parts of a practice"):
        found()
    assert not Practice.objects.exists()


def test_an_address_that_signs_in_already_leaves_nothing_behind(production):
    User.objects.create_user("ada@harbor.example", name="Ada")
    with pytest.raises(CommandError, match="Somebody already signs in"):
        found()
    assert [model.objects.count() for model in (Practice, Location, AppointmentType, ConsentText)] == [0, 0, 0, 0]


def test_a_database_without_tables_is_told_to_migrate(production):
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE practice_practice RENAME TO elsewhere")
    with pytest.raises(CommandError, match="run first: python manage.py migrate"):
        found()


def test_on_a_terminal_every_open_question_is_asked_until_it_is_answered(production, monkeypatch):
    said: list[str] = []
    answers = ["", "Harbor Pain Therapy", "Harbor", "12", "(541) 555-0190", "2 Pier Road", "Mondays", "18:00", "08:00"]
    answers += [
        "Oregon",
        "America/Los_Angeles",
        "Pier Road",
        "",
        "free",
        "152.50",
        "170",
        "",
        "",
        "Ada",
        "ada@harbor.example",
    ]
    answers += ["19:00"]  # the closing time, once more: it lay before the opening
    typed = iter(answers)

    def answer(question: str) -> str:
        said.append(question)
        return next(typed)

    monkeypatch.setattr("builtins.input", answer)
    monkeypatch.setattr(sys, "stdin", Terminal())
    out = io.StringIO()
    call_command("found", stdout=out)
    assert next(typed, None) is None
    assert said[0] == said[1] == "Name of the practice: "
    assert said[-1].startswith("Closes at")
    assert "It closes after it opens." in out.getvalue()
    practice = Practice.objects.get()
    assert (practice.opens_at.hour, practice.closes_at.hour, Location.objects.get().rooms.count()) == (18, 19, 0)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_the_role_that_serves_may_found(production):
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL ROLE {settings.DATABASE_APP_ROLE}")
        found()
        cursor.execute("RESET ROLE")
    assert Practice.objects.exists()


def test_it_runs_under_the_settings_of_production(committed_db):
    ended = begun({"found": ["manage.py", "found", *OPTIONS]})
    assert ended["found"][0] == 0, ended["found"][1]
    assert Practice.objects.get().name == ANSWERS["name"]
    again = begun({"found": ["manage.py", "found", *OPTIONS]})
    assert again["found"][0] != 0
    assert "one database serves one" in again["found"][1]
