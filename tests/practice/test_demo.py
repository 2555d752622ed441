"""The demo clinic: refused where it must not be, the same every time, fictional, and whole."""

import random
import re
from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import transaction
from django.test import override_settings

from intake.models import RiskAlert
from practice import outbox_folder
from practice.demo import building, calendar, holidays, note_texts, people, stepping
from practice.demo.people import DOMAIN, ROSA, Stage
from practice.models import Appointment, Message, Patient, Practice, Status, Therapist, TimeOff, User, WorkingHours
from practice.models.booking import LIVING
from practice.models.message import WAITING, MessageState
from practice.roles import Role
from sessions import home, note_fields, notes, plan
from sessions.models import Course, ProgressNote

NOW = datetime(2027, 4, 14, 18, 30, tzinfo=UTC)  # a Wednesday, 11:30 at Tern Bay
FEW = 10


@pytest.fixture(scope="module")
def look(django_db_setup, django_db_blocker, tmp_path_factory):
    """``look(facts)``: build a small demo clinic, ask ``facts()``, and leave the database as it was."""

    def ask(facts):
        with django_db_blocker.unblock(), override_settings(OUTBOX_DIR=tmp_path_factory.mktemp("outbox")):
            with transaction.atomic():
                building.build(NOW, FEW)
                found = facts()
                transaction.set_rollback(True)
        return found

    return ask


@pytest.fixture(scope="module")
def clinic_facts(look):
    """What two clinics of the same moment look like."""
    return look(everything), look(everything)


def everything() -> dict[str, object]:
    return {
        "people": sorted(Patient.objects.values_list("email", "first_name", "last_name", "phone", "status")),
        "staff": sorted(User.objects.filter(staff_roles__isnull=False).values_list("email", flat=True)),
        "visits": sorted(Appointment.objects.values_list("starts_at", "therapist__slug", "patient__email", "status")),
        "messages": Counter(Message.objects.values_list("kind", "channel", "state")),
        "late": Message.objects.filter(state__in=WAITING, next_attempt_at__lte=NOW).count(),
        "sent": Message.objects.filter(state=MessageState.SENT).count(),
        "lost": Message.objects.filter(state=MessageState.FAILED).count(),
        "delivered": sorted(outbox_folder.deliveries().values()),
        "addresses": [delivered.letter.to for delivered in outbox_folder.newest(10_000)],
        "guards": list(
            Appointment.objects.filter(status__in=LIVING).values_list("therapist", "room", "guard").order_by("pk")
        ),
        "notes": [(n.kind, n.content, n.document) for n in ProgressNote.objects.signed().order_by("pk")],
        "courses": Counter(Course.objects.values_list("state", flat=True)),
        "alerts": Counter(RiskAlert.objects.values_list("state", flat=True)),
        "future": Appointment.objects.filter(status=Status.ATTENDED, starts_at__gt=NOW).count(),
        "faces": {step: stepping.person_for(step).name for step in stepping.STEPS if step != stepping.VISITOR},
        "rosa": rosa(),
        "to_finish": to_finish(),
        "hours": outside_of_opening(),
        "closed": Counter(TimeOff.objects.values_list("starts_at", "label")),
        "therapists": Therapist.objects.count(),
        "off": [row for row in visits_in_time_off() if row.staff_note == ""],
    }


def outside_of_opening() -> list[WorkingHours]:
    """Hours that do not lie within those the practice says, on the wall of their place or in the practice's zone."""
    practice = Practice.objects.get()
    opens, closes, zone = practice.opens_at, practice.closes_at, ZoneInfo(practice.time_zone)
    assert practice.opening_hours == "Monday to Friday, 8 am to 6 pm Pacific"
    found = []
    for row in WorkingHours.objects.select_related("location"):
        walls = [
            [
                datetime.combine(NOW.date(), at, row.location.zone_info).astimezone(to).time()
                for at in (row.starts, row.ends)
            ]
            for to in (row.location.zone_info, zone)
        ]
        if row.weekday > 4 or any(start < opens or end > closes for start, end in walls):
            found.append(row)
    return found


def visits_in_time_off() -> list[Appointment]:
    off = TimeOff.objects.values_list("therapist", "starts_at", "ends_at")
    living = Appointment.objects.filter(status__in=LIVING)
    return [
        row
        for therapist, begins, ends in off
        for row in living.filter(therapist=therapist, starts_at__lt=ends, ends_at__gt=begins)
    ]


def rosa() -> dict[str, object]:
    patient = Patient.objects.get(email=people.address_of(ROSA))
    return {
        "attended": patient.therapy_sessions.filter(counts=True).count(),
        "next": patient.appointments.filter(status__in=("booked", "confirmed")).earliest("starts_at").starts_at,
        "reading": patient.reading.filter(finished_at=None).count(),
        "signed": ProgressNote.objects.signed().filter(patient=patient).count(),
    }


def to_finish() -> dict[str, object]:
    """The newest half-written note of the therapist whose eyes are borrowed, and the cards of her start page."""
    therapist = stepping.person_for(Role.THERAPIST)
    drafts = ProgressNote.objects.drafts().filter(author=therapist, saved_at__isnull=False)
    note = drafts.select_related("appointment").latest("appointment__starts_at")
    with time_machine.travel(NOW, tick=False):
        cards = [card.context["note"] for card in home.cards(therapist)]
    return {
        "content": note.content,
        "left": [problem.key for problem in notes.left(note)],
        "age": NOW - note.appointment.ends_at,
        "status": note.appointment.status,
        "has_card": note in cards,
    }


# -- Where it may be built -------------------------------------------------------------------------------------------
@pytest.mark.django_db
def test_production_gets_no_demo_clinic(settings):
    settings.DEMO = False
    with pytest.raises(CommandError, match="demo setting"):
        call_command("demo")
    assert not Practice.objects.exists()


def test_a_clinic_that_is_there_is_left_alone(clinic, capsys):
    call_command("demo")
    assert "already there" in capsys.readouterr().out
    assert not Patient.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("wrong", [["--patients", "61"], ["--patients", "0"], ["--now", "2027-04-14T18:30"]])
def test_a_clinic_that_cannot_be_is_refused_and_leaves_nothing(wrong):
    with pytest.raises(CommandError):
        call_command("demo", *wrong)
    assert not Practice.objects.exists()


@pytest.mark.django_db
def test_a_clinic_that_fails_leaves_no_letter(monkeypatch, settings):
    def fail(world):
        outbox_folder.folder().joinpath("half.json").write_text("{}")
        raise RuntimeError("half way")

    monkeypatch.setattr(building, "put_alerts", fail)
    with pytest.raises(RuntimeError):
        building.build(NOW, 1)
    assert not Practice.objects.exists()
    assert list(outbox_folder.folder().iterdir()) == []


# -- What it is ------------------------------------------------------------------------------------------------------
def test_the_same_moment_gives_the_same_clinic(clinic_facts):
    first, second = clinic_facts
    for name in ("people", "staff", "visits", "messages", "courses", "alerts", "faces", "rosa"):
        assert first[name] == second[name], name


def test_nobody_could_be_real(clinic_facts):
    facts = clinic_facts[0]
    assert len(facts["people"]) == FEW
    for email, _first, _last, phone, _status in facts["people"]:
        assert email.endswith(f"@{DOMAIN}")
        assert phone == "" or str(phone).startswith("+154155501")
    assert all(email.endswith("@ternbay.example") for email in facts["staff"])
    assert all(to.endswith(".example") or to.startswith("+154155501") for to in facts["addresses"])


def test_names_are_not_given_twice():
    roster = people.roster(people.WHOLE, random.Random(1))
    assert len({sketch.name for sketch in roster}) == len({sketch.email for sketch in roster}) == people.WHOLE
    phones = [sketch.phone for sketch in roster if sketch.phone]
    assert len(set(phones)) == len(phones)
    assert "+15415550142" not in phones, "the clinic's own number"
    assert {sketch.stage for sketch in roster} == set(Stage)


def test_no_two_visits_overlap(clinic_facts):
    facts = clinic_facts[0]
    for owner in (0, 1):
        spans = {}
        for row in facts["guards"]:
            if row[owner] is not None:
                spans.setdefault(row[owner], []).append((row[2].lower, row[2].upper))
        for each in spans.values():
            each.sort()
            assert all(before[1] <= after[0] for before, after in zip(each, each[1:], strict=False))


def test_every_signed_note_has_what_signing_needs(clinic_facts):
    notes = clinic_facts[0]["notes"]
    assert len(notes) > 5
    for kind, content, document in notes:
        for entry in note_fields.fields_of(kind):
            if kind in entry.needed:
                assert note_fields.text_of(content, entry.key), entry.key
        if kind == note_fields.SESSION:
            assert document["interventions"]
            assert document["modules"]
            assert document["measures"]
            assert document["homework"] or content["homework_none"]


def test_messages_are_where_their_time_has_brought_them(clinic_facts):
    facts = clinic_facts[0]
    assert facts["late"] == 0
    assert facts["lost"] == 0
    assert facts["delivered"] == [1] * facts["sent"]
    assert {("reminder_early", "email", "sent"), ("reminder_late", "email", "planned")} <= facts["messages"].keys()


def test_nothing_lies_ahead_of_now(clinic_facts):
    assert clinic_facts[0]["future"] == 0


def test_those_whose_eyes_are_borrowed_have_a_day_to_show(clinic_facts):
    facts = clinic_facts[0]
    assert facts["faces"] == {
        Role.PATIENT: "Rosa Meier",
        Role.THERAPIST: "Ines Varga",
        Role.FRONT_DESK: "Marlow Beck",
        Role.MANAGER: "Adair Novak",
    }
    assert facts["rosa"]["attended"] == facts["rosa"]["signed"] == 2
    assert facts["rosa"]["next"].date() == (NOW + timedelta(days=2)).date()
    assert facts["rosa"]["reading"] >= 1
    assert facts["alerts"]["open"] >= 1


def test_the_therapist_finds_a_note_half_written(clinic_facts):
    found, again = (facts["to_finish"] for facts in clinic_facts)
    assert found == again
    assert (found["status"], found["has_card"]) == (Status.ATTENDED, True)
    assert found["content"]["agenda"]
    assert found["content"]["time_in"]
    assert "risk_suicide" not in found["content"]
    assert {"risk_suicide", "did", "plan"} <= set(found["left"])
    assert found["age"] < timedelta(days=8)


def test_hours_lie_within_those_the_foot_of_the_page_says(clinic_facts):
    assert clinic_facts[0]["hours"] == []


def test_nobody_works_on_a_public_holiday(clinic_facts):
    facts = clinic_facts[0]
    for day, name in ((date(2027, 2, 15), "Presidents’ Day"), (date(2027, 11, 25), "Thanksgiving Day")):
        at = [datetime.combine(day, time(), ZoneInfo(place)) for place in calendar.PLACES.values()]
        assert sum(facts["closed"][start, name] for start in at) == facts["therapists"]
    assert facts["off"] == []


@pytest.mark.parametrize(
    ("day", "name"),
    [
        (date(2026, 7, 3), "Independence Day"),
        (date(2026, 11, 26), "Thanksgiving Day"),
        (date(2027, 1, 18), "Martin Luther King Jr. Day"),
        (date(2027, 5, 31), "Memorial Day"),
        (date(2027, 9, 6), "Labor Day"),
        (date(2027, 12, 24), "Christmas Day"),
        (date(2027, 12, 31), "New Year’s Day"),
        (date(2028, 1, 3), ""),
        (date(2026, 11, 27), ""),
    ],
)
def test_a_holiday_is_known_by_its_date(day, name):
    assert holidays.name_of(day) == name


def test_a_year_has_eleven_holidays_on_working_days():
    for year in range(2025, 2035):
        assert len(holidays.of_year(year)) == 11
        assert all(day.weekday() < 5 for day in holidays.of_year(year))


def test_no_homework_needs_a_page_that_is_not_there():
    lines = [line for module in plan.modules() for line in note_texts.homework_of([module])]
    assert note_texts.ON_PAPER.keys() <= {line for module in plan.modules().values() for line in module.homework}
    for line in lines:
        assert "on paper" in line.lower() or not re.search(r"diary|log\b|record|sheet|plan\b", line), line


# -- The calendar, at any hour and on any weekday ---------------------------------------------------------------------
@pytest.mark.parametrize("day", range(7))
@pytest.mark.parametrize("hour", [3, 7, 12, 17, 20])
def test_the_shown_day_has_visits_before_and_after_now(day, hour):
    zone = ZoneInfo("America/Los_Angeles")
    now = datetime(2027, 3, 8, hour, 25, tzinfo=zone) + timedelta(days=day)  # the week of a clock change
    roster = people.roster(people.WHOLE, random.Random(7))
    made = calendar.make(roster, now.astimezone(UTC), random.Random(7))
    shown = {p.email for p in roster if p.therapist == calendar.SHOWN and p.stage == Stage.IN_COURSE}
    starts = [v for email in shown for v in made.coming[email]] + list(made.extra.values())
    today = sorted(start for start in starts if start.astimezone(zone).date() == now.date())
    assert sum(start <= now for start in today) >= 2
    assert sum(start > now for start in today) >= 2
    assert all(after - before >= calendar.GUARD for before, after in zip(today, today[1:], strict=False))
    email, left_at = made.to_finish
    assert email in shown
    assert email != people.address_of(ROSA)
    assert now - timedelta(days=8) < left_at <= now - calendar.SESSION


@pytest.mark.parametrize("now", [datetime(2026, 11, day, 19, tzinfo=UTC) for day in range(20, 30)])
def test_no_weekly_visit_falls_on_a_holiday_and_the_shown_day_stands_all_the_same(now):
    roster = people.roster(people.WHOLE, random.Random(7))
    made = calendar.make(roster, now, random.Random(7))
    weekly = [visit for visits in (*made.past.values(), *made.coming.values()) for visit in visits]
    assert not [visit for visit in weekly if holidays.name_of(visit.date())]
    zone = ZoneInfo("America/Los_Angeles")
    shown = {p.email for p in roster if p.therapist == calendar.SHOWN and p.stage == Stage.IN_COURSE}
    starts = [visit for email in shown for visit in made.coming[email]] + list(made.extra.values())
    today = sorted(start for start in starts if start.astimezone(zone).date() == now.astimezone(zone).date())
    assert sum(start <= now for start in today) >= 2
    assert sum(start > now for start in today) >= 2
    assert made.coming[people.address_of(ROSA)][0] - now < timedelta(days=6)


def test_the_next_visit_of_rosa_meier_is_soon():
    roster = people.roster(people.WHOLE, random.Random(7))
    for day in range(7):
        now = NOW + timedelta(days=day)
        made = calendar.make(roster, now, random.Random(7))
        ahead = made.coming[people.address_of(ROSA)][0].date() - now.date()
        assert timedelta(days=2) <= ahead <= timedelta(days=4)
