"""Once a day what does not stay goes: whoever asks, whatever fails, and not without somebody seeing it."""

import contextlib
import itertools
import os
import subprocess
import sys
import time
from types import SimpleNamespace

import psycopg
import pytest
import time_machine
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import OperationalError, connection
from django.urls import reverse
from django.utils import timezone
from structlog.testing import capture_logs

from practice import clearing, heartbeat, patients, status
from practice.celery import app
from practice.logging import ALLOWED_KEYS
from practice.models import Heartbeat, Patient
from practice.tasks import tidy
from tests import cast
from tests.limits import wait_until
from tests.practice.prospects import DAY, prospect, prospect_of

__all__ = ["prospect"]


def test_it_happens_once_a_day_whoever_asks(prospect):
    tidy()
    assert Patient.objects.filter(pk=prospect.pk).exists() is False
    assert clearing.tidy_when_due() is False
    Heartbeat.objects.filter(name=heartbeat.TIDYING).update(beat_at=timezone.now() - DAY)
    assert clearing.tidy_when_due() is True
    assert clearing.tidy_when_due() is False


REFUSE = """
CREATE FUNCTION refuse_one() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN RAISE EXCEPTION 'canceling statement due to statement timeout' USING ERRCODE = 'query_canceled'; END $$;
CREATE TRIGGER refuse_one BEFORE DELETE ON {table} FOR EACH ROW WHEN ({which})
  EXECUTE FUNCTION refuse_one();
"""


def refuse(table: str, which: str) -> None:
    """From here on the database takes too long to delete these."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(REFUSE.format(table=table, which=which))


def ended_session() -> None:
    Session.objects.create(session_key="ended", session_data="", expire_date=timezone.now() - DAY)


def test_a_record_the_database_refuses_keeps_neither_the_others_nor_the_sessions(db):
    people = cast.everyone()
    stuck, other = prospect_of(95, people.therapist), prospect_of(91, people.therapist, "two@example.org", "")
    refuse("practice_patient", f"OLD.id = {stuck.pk}")
    ended_session()
    with capture_logs() as lines:
        assert clearing.tidy_when_due() is True
    assert list(Patient.objects.filter(pk__in=[stuck.pk, other.pk])) == [stuck]
    assert not Session.objects.filter(pk="ended").exists()
    assert not Heartbeat.objects.filter(name=heartbeat.TIDIED).exists(), "it did not go well in full"
    assert [line["event"] for line in lines] == ["prospect.not_erased", "prospects.erased", "tidying.failed"]
    assert {key for line in lines for key in line} - {"log_level", "exc_info"} <= ALLOWED_KEYS


def callers(count: int) -> list[Patient]:
    """People who only called, long ago."""
    front_desk = cast.everyone().front_desk
    called = [
        patients.add_patient(by=front_desk, first_name=f"Noa{n}", last_name="Brandt", phone=f"+1541555{n:04}")
        for n in range(100, 100 + count)
    ]
    Patient.objects.filter(pk__in=[one.pk for one in called]).update(created_at=timezone.now() - 91 * DAY)
    return called


def test_many_that_are_refused_keep_nobody_else(db, monkeypatch):
    monkeypatch.setattr(clearing, "A_PAGE", 3)
    *stuck, last = callers(13)
    refuse("practice_patient", f"OLD.id < {last.pk}")
    with pytest.raises(clearing.NotAllErased):
        clearing.erase_idle_prospects()
    assert set(Patient.objects.filter(last_name="Brandt")) == set(stuck)


def set_clock(monkeypatch, *seconds: float) -> None:
    """What the clock of a run says, look by look; the last of it from then on."""
    clock = itertools.chain(seconds, itertools.repeat(seconds[-1]))
    monkeypatch.setattr(clearing, "time", SimpleNamespace(monotonic=lambda: next(clock)))


def test_a_run_that_has_no_time_for_all_does_not_begin_with_the_same_ones_again(db, monkeypatch):
    """Time for one refusal only, and the starts a die would give in the end."""
    stuck, last = callers(2)
    refuse("practice_patient", f"OLD.id = {stuck.pk}")
    for start, left in ((0, 2), (stuck.pk, 1)):
        set_clock(monkeypatch, 0.0, 0.0, clearing.RUN_LASTS)
        monkeypatch.setattr(clearing.random, "randint", lambda low, high, start=start: start)
        with contextlib.suppress(clearing.NotAllErased):
            clearing.erase_idle_prospects()
        assert Patient.objects.filter(pk__in=[stuck.pk, last.pk]).count() == left


def test_a_run_begins_anywhere_and_reaches_everybody_once(db, monkeypatch):
    one, two, three = (one.pk for one in callers(3))
    for start, order in (
        (0, [one, two, three]),
        (one, [two, three, one]),
        (two, [three, one, two]),
        (three, [one, two, three]),
    ):
        monkeypatch.setattr(clearing.random, "randint", lambda low, high, start=start: start)
        assert list(clearing.idle_prospects(timezone.now() - clearing.IDLE_FOR)) == order


def test_a_record_that_takes_too_long_is_given_up_soon(db, monkeypatch):
    monkeypatch.setattr(clearing, "PATIENCE", "100ms")
    (slow,) = callers(1)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(SLOW)
    began = time.monotonic()
    with pytest.raises(clearing.NotAllErased):
        clearing.erase_idle_prospects()
    assert time.monotonic() - began < 20
    assert Patient.objects.filter(pk=slow.pk).exists()


SLOW = """
CREATE FUNCTION be_slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(30); RETURN OLD; END $$;
CREATE TRIGGER be_slow BEFORE DELETE ON practice_patient FOR EACH ROW EXECUTE FUNCTION be_slow();
"""


def test_a_database_that_is_away_ends_the_run_at_once(db, monkeypatch):
    tried = []

    def away(*, by, patient_id):
        tried.append(patient_id)
        raise OperationalError from psycopg.OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr(clearing, "was_erased", away)
    callers(3)
    with pytest.raises(OperationalError):
        clearing.erase_idle_prospects()
    assert len(tried) == 1


def test_sessions_that_cannot_be_cleared_do_not_keep_the_prospects(committed_db):
    prospect = prospect_of(91, cast.everyone().therapist)
    ended_session()
    refuse("django_session", "OLD.session_key = 'ended'")
    tidy()
    assert not Patient.objects.filter(pk=prospect.pk).exists()
    assert not Heartbeat.objects.filter(name=heartbeat.TIDIED).exists()


def tidied() -> status.Part:
    return next(part for part in status.look() if part.key == heartbeat.TIDIED)


def test_the_status_turns_red_when_it_did_not_go_well_for_three_days(db):
    stuck = prospect_of(95, cast.everyone().therapist)
    assert (tidied().light, tidied().figure, tidied().advice) == ("green", None, "")
    tidy()
    assert (tidied().light, tidied().advice) == ("green", "")
    assert tidied().figure < 60
    for days, light in ((1, "green"), (2, "green"), (4, "red")):
        with time_machine.travel(timezone.now() + days * DAY):
            assert (tidied().light, bool(tidied().advice)) == (light, light == "red")
            assert light != "red" or tidy() or tidied().light == "green"
    assert not Patient.objects.filter(pk=stuck.pk).exists()


def test_a_practice_in_which_it_never_went_well_is_red_after_three_days(db):
    stuck = prospect_of(95, cast.everyone().therapist)
    refuse("practice_patient", f"OLD.id = {stuck.pk}")
    for days, light in ((0, "green"), (1, "green"), (2, "green"), (4, "red")):
        with time_machine.travel(timezone.now() + days * DAY):
            tidy()
            assert (tidied().light, tidied().figure) == (light, None)


def test_the_clock_asks_every_hour():
    entry = next(entry for entry in app.conf.beat_schedule.values() if entry["task"] == "practice.tidy")
    assert entry["schedule"] <= 3600


def test_the_loop_does_it_where_no_clock_ticks(committed_db):
    gone = prospect_of(91, cast.everyone().therapist)
    environ = os.environ | {"DATABASE_URL": f"{os.environ['DATABASE_URL'].rpartition('/')[0]}/{committed_db}"}
    loop = subprocess.Popen([sys.executable, "manage.py", "send_due", "--loop"], cwd=settings.BASE_DIR, env=environ)
    try:
        wait_until(lambda: not Patient.objects.filter(pk=gone.pk).exists(), "the loop to erase", 60)
    finally:
        loop.terminate()
        assert loop.wait(30) == 0


FAULTY_LOOP = """
import django; django.setup()
from django.core.management import call_command
from practice import clearing
clearing.take_on = lambda: 1 / 0
call_command("send_due", "--loop")
"""


def test_the_loop_sends_on_whatever_fails_in_it(committed_db):
    cast.clinic()
    url = f"{os.environ['DATABASE_URL'].rpartition('/')[0]}/{committed_db}"
    environ = os.environ | {"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "practice.settings"}
    program = [sys.executable, "-c", FAULTY_LOOP]
    loop = subprocess.Popen(program, cwd=settings.BASE_DIR, env=environ, stderr=subprocess.PIPE, text=True)
    beats = set()

    def came_back() -> bool:
        beats.update(Heartbeat.objects.filter(name=heartbeat.LOOP).values_list("beat_at", flat=True))
        return len(beats) > 1 or loop.poll() is not None

    try:
        wait_until(came_back, "a second look after the fault", 60)
    finally:
        loop.terminate()
        _out, said = loop.communicate(timeout=30)
    assert loop.returncode == 0, said
    assert said.count("send_due.tidying_failed") == 1


def test_ended_browser_sessions_go_and_running_ones_stay(db, monkeypatch):
    monkeypatch.setattr(clearing, "SESSIONS_AT_ONCE", 2)
    now = timezone.now()
    for number in range(7):
        Session.objects.create(
            session_key=f"{number}", session_data="", expire_date=now + (DAY if number == 0 else -DAY)
        )
    assert clearing.clear_sessions() == 6
    assert Session.objects.get().session_key == "0"


def test_a_browser_session_that_is_refused_keeps_no_other(db):
    for key in "abcdefg":
        Session.objects.create(session_key=key, session_data="", expire_date=timezone.now() - DAY)
    refuse("django_session", "OLD.session_key IN ('b', 'e')")
    with pytest.raises(clearing.NotAllErased):
        clearing.clear_sessions()
    assert set(Session.objects.values_list("pk", flat=True)) == {"b", "e"}


def test_a_bite_that_is_refused_is_not_tried_by_halves_when_the_time_is_over(db, monkeypatch):
    for key in "abcdefgh":
        Session.objects.create(session_key=key, session_data="", expire_date=timezone.now() - DAY)
    refuse("django_session", "TRUE")
    monkeypatch.setattr(clearing, "get_random_string", lambda length, characters: "")  # so that one bite holds all
    tried = []
    delete = clearing.delete_sessions
    monkeypatch.setattr(clearing, "delete_sessions", lambda keys: tried.append(len(keys)) or delete(keys))
    set_clock(monkeypatch, 0.0, 0.0, 0.0, 0.0, clearing.RUN_LASTS)  # the start, the bite, the whole, its first half
    with capture_logs() as lines, pytest.raises(clearing.NotAllErased):
        clearing.clear_sessions()
    assert tried == [8, 4]
    assert [line["count"] for line in lines] == [8], "all of it is named as not cleared"


def test_both_parts_of_a_run_share_one_minute(db, monkeypatch):
    """Sign-ins that take all their time leave people theirs, and nobody's time begins anew."""
    until = {}
    monkeypatch.setattr(clearing, "delete_bite", lambda keys, ends: until.update(sessions=ends) or (0, 0))
    monkeypatch.setattr(clearing, "erase_idle_prospects", lambda *, ends: until.update(people=ends) or 0)
    ended_session()
    set_clock(monkeypatch, 100.0)
    assert clearing.tidy_when_due() is True
    assert until == {"sessions": 100.0 + clearing.RUN_LASTS / 2, "people": 100.0 + clearing.RUN_LASTS}


@pytest.mark.parametrize("start", ["", "3", "9", "z"])
def test_sign_ins_begin_anywhere_and_are_reached_once(db, monkeypatch, start):
    monkeypatch.setattr(clearing, "SESSIONS_AT_ONCE", 2)
    monkeypatch.setattr(clearing, "get_random_string", lambda length, characters: start)
    keys = [str(number) for number in range(1, 8)]
    for key in keys:
        Session.objects.create(session_key=key, session_data="", expire_date=timezone.now() - DAY)
    met = [key for bite in clearing.ended_sessions() for key in bite]
    first = [key for key in keys if key > start]
    assert met == first + [key for key in keys if key not in first]


def test_the_status_page_says_what_to_do_when_it_is_late(clinic, as_, manager):
    clearing.tidy_when_due()
    for name in heartbeat.NAMES:
        heartbeat.beat(name)
    page = as_(manager).get(reverse("practice:status"))
    assert "Everything runs." in page.text
    heartbeat.beat(heartbeat.TIDIED, timezone.now() - 4 * DAY)
    page = as_(manager).get(reverse("practice:status"))
    for words in ("Daily erasure of what is not kept", "Needs you today", "read the log of worker and loop"):
        assert words in page.text
    assert as_(None).get("/statusz").json()[heartbeat.TIDIED]["light"] == "red"
