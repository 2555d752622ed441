"""The front desk sees the day and the week, books, moves, cancels and marks who came."""

from datetime import UTC, date, datetime, time, timedelta
from urllib.parse import parse_qs, unquote, urlsplit
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from practice.models import Appointment, AuditEvent, Location, Modality, Status, Therapist, TimeOff
from practice.week import monday_of, week
from tests import cast

PACIFIC = ZoneInfo("America/Los_Angeles")
TUESDAY = date(2026, 5, 12)
NOON = datetime(2026, 5, 12, 12, 0, tzinfo=PACIFIC)


@pytest.fixture(autouse=True)
def tuesday_noon():
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def ines(therapist) -> Therapist:
    return therapist.therapist


def local(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=PACIFIC)


def visit(ines, patient, hour: int, day: date = TUESDAY, **fields) -> Appointment:
    return cast.appointment(therapist=ines, patient=patient, starts_at=local(day, hour), **fields)


def post_booking(client, patient, ines, **typed):
    url = reverse("practice:appointment-create")
    query = f"?patient={patient.pk}&type=SESSION&therapist={ines.pk}&modality=video&day=2026-05-13"
    return client.post(url + query, {"token": uuid4(), "staff_note": "", "other_time": "", **typed})


# -- The grid ----------------------------------------------------------------------------------------------------------
def test_a_visit_near_midnight_stands_on_its_local_date(ines, patient):
    late = visit(ines, patient, 23)
    grid = week([TUESDAY, TUESDAY + timedelta(days=1)])
    assert late.starts_at.astimezone(UTC).date() == TUESDAY + timedelta(days=1)
    assert [[v.pk for v in cell.visits] for cell in grid.rows[0].cells] == [[late.pk], []]


def test_cancelled_visits_are_shown_but_not_counted(ines, patient, other_patient):
    visit(ines, patient, 9)
    visit(ines, other_patient, 10, status=Status.CANCELLED_EARLY, cancelled_at=NOON)
    grid = week([TUESDAY])
    assert (grid.booked, len(grid.rows[0].cells[0].visits)) == ([1], 2)


def test_rooms_can_be_the_rows(clinic, ines, patient):
    visit(ines, patient, 9, room=clinic.room, modality=Modality.IN_PERSON)
    grid = week([TUESDAY], by_room=True)
    assert [(row.name, len(row.cells[0].visits)) for row in grid.rows] == [("Room 1", 1), ("Room 2", 0)]


def test_a_day_without_hours_or_with_time_off_says_why(ines):
    TimeOff.objects.create(therapist=ines, starts_at=local(TUESDAY, 0), ends_at=local(TUESDAY, 23), label="Course")
    grid = week([TUESDAY, date(2026, 5, 16)])
    assert [cell.off for cell in grid.rows[0].cells] == ["Course", "No hours"]


@pytest.mark.parametrize("rows", ["", "?by=room"])
@pytest.mark.parametrize("name", ["practice:desk-week", "practice:desk-day"])
def test_a_row_of_another_zone_names_it(name, rows, as_, front_desk, ines, other_therapist, clinic):
    address = reverse(name) + rows
    assert "Times: " not in as_(front_desk).get(address).text
    inland = Location.objects.create(name="Mill Lane", address="3 Mill Lane", zone="America/Denver")
    inland.rooms.create(name="Loft")
    other_therapist.therapist.hours.update(location=inland)
    with CaptureQueriesContext(connection) as captured:
        page = as_(front_desk).get(address).text
    assert page.count("<small>Times: Mountain</small>") == 1
    named = "Loft" if rows else other_therapist.name
    assert named in page[: page.index("Times: Mountain")].rpartition("<tr>")[2]
    assert len([one for one in captured if "practice_location" in one["sql"]]) == 1


def test_a_row_with_visits_in_two_zones_names_both(ines, patient, other_patient):
    visit(ines, patient, 9)
    visit(ines, other_patient, 11, zone="America/Denver")
    assert week([TUESDAY]).rows[0].clocks == ["America/Denver", "America/Los_Angeles"]


@pytest.mark.parametrize("name", ["practice:desk-week", "practice:desk-day"])
def test_a_calendar_costs_the_same_for_one_visit_and_three(name, as_, front_desk, ines, patient):
    client, url = as_(front_desk), reverse(name)
    client.get(url)
    counts = []
    for hours in ([9], [11, 13]):
        for hour in hours:
            visit(ines, patient, hour)
        with CaptureQueriesContext(connection) as captured:
            answer = client.get(url)
        counts.append(len(captured))
        assert answer.status_code == 200
    assert counts == [CALENDAR_QUERIES, CALENDAR_QUERIES]


# session, user, roles, people with hours and time off, visits, the audit row; and twice the practice, for its zone and
# its name in the header, which outside of tests is kept for half a minute
CALENDAR_QUERIES = 8


def test_reading_the_calendar_is_recorded(as_, front_desk, ines):
    as_(front_desk).get(reverse("practice:desk-week"))
    assert AuditEvent.objects.filter(action="view", object_type="calendar", actor_id=front_desk.pk).count() == 1


def test_a_therapist_sees_the_own_calendar_only(as_, therapist, ines, other_therapist, patient, other_patient):
    visit(ines, patient, 9)
    visit(other_therapist.therapist, other_patient, 10)
    page = as_(therapist).get(reverse("practice:desk-day")).content.decode()
    assert "Meier R" in page
    assert "Abara L" not in page


def test_an_odd_query_string_shows_today(as_, front_desk, ines):
    answer = as_(front_desk).get(reverse("practice:desk-day") + "?day=soon&location=x&open=-1&by=moon")
    assert answer.status_code == 200
    assert answer.context["days"] == [TUESDAY]


# -- Booking -----------------------------------------------------------------------------------------------------------
def test_a_person_is_found_to_book_for_and_the_address_names_nobody(as_, front_desk, ines, patient, other_patient):
    client = as_(front_desk)
    asked = client.post(reverse("practice:appointment-find"), {"q": "meier", "day": "2026-05-13"})
    address = asked.headers["Location"]
    assert asked.status_code == 302
    assert "meier" not in unquote(address).lower()
    assert address.endswith("&day=2026-05-13")
    page = client.get(address).content.decode()
    assert "Book for Rosa Meier" in page
    assert "Book for Leon Abara" not in page
    assert f"?patient={patient.pk}&amp;day=2026-05-13" in page


def test_what_is_read_before_booking_moving_and_cancelling_is_recorded(as_, front_desk, ines, patient):
    row = visit(ines, patient, 15)
    client = as_(front_desk)
    create = reverse("practice:appointment-create")
    client.get(create)
    assert not AuditEvent.objects.filter(action="view").exists(), "nobody was looked for, nobody was shown"
    client.post(reverse("practice:appointment-find"), {"q": "meier"}, follow=True)
    client.get(f"{create}?patient={patient.pk}")
    client.get(reverse("practice:appointment-move", args=[row.pk]))
    client.get(reverse("practice:appointment-cancel", args=[row.pk]))
    seen = AuditEvent.objects.filter(action="view", actor_id=front_desk.pk).order_by("pk")
    assert list(seen.values_list("object_type", "patient_id", "detail")) == [
        ("patient search", None, {}),
        ("practice.patient", patient.pk, {"page": "book"}),
        ("practice.appointment", patient.pk, {"page": "move"}),
        ("practice.appointment", patient.pk, {"page": "cancel"}),
    ]


def test_the_desk_books_a_free_time(as_, front_desk, ines, patient):
    start = local(date(2026, 5, 13), 10)
    answer = post_booking(
        as_(front_desk), patient, ines, pick=f"{int(start.timestamp())}-{ines.hours.first().location_id}"
    )
    booked = Appointment.objects.get()
    assert (booked.patient, booked.starts_at, booked.booked_by, booked.status) == (patient, start, front_desk, "booked")
    assert parse_qs(urlsplit(answer.headers["Location"]).query) == {"day": ["2026-05-13"], "open": [str(booked.pk)]}


def test_a_second_press_of_book_is_the_same_booking(as_, front_desk, ines, patient):
    client, token = as_(front_desk), uuid4()
    start = f"{int(local(date(2026, 5, 13), 10).timestamp())}-{ines.hours.first().location_id}"
    first = post_booking(client, patient, ines, pick=start, token=token)
    second = post_booking(client, patient, ines, pick=start, token=token)
    assert first.headers["Location"] == second.headers["Location"]
    assert Appointment.objects.count() == 1


def test_outside_hours_is_a_question_not_a_refusal(as_, front_desk, ines, patient):
    client = as_(front_desk)
    asked = post_booking(client, patient, ines, other_time="19:30", staff_note="asked for an evening")
    assert asked.status_code == 422
    assert "Outside of working hours" in asked.content.decode()
    assert 'value="19:30"' in asked.content.decode()
    assert "asked for an evening" in asked.content.decode()
    assert post_booking(client, patient, ines, other_time="19:30", anyway="1").status_code == 302
    assert Appointment.objects.get().starts_at == local(date(2026, 5, 13), 19, 30)


def test_a_taken_time_answers_409_and_keeps_what_was_typed(as_, front_desk, ines, patient, other_patient):
    visit(ines, other_patient, 10, date(2026, 5, 13))
    start = f"{int(local(date(2026, 5, 13), 10).timestamp())}-{ines.hours.first().location_id}"
    answer = post_booking(as_(front_desk), patient, ines, pick=start, staff_note="first visit after a break")
    assert answer.status_code == 409
    assert "first visit after a break" in answer.content.decode()
    assert Appointment.objects.count() == 1


def test_a_time_this_very_patient_has_already_is_not_said_to_be_somebody_elses(
    as_, front_desk, ines, other_therapist, patient, other_patient
):
    desk, day = as_(front_desk), date(2026, 5, 13)
    start = f"{int(local(day, 10).timestamp())}-{ines.hours.first().location_id}"
    assert post_booking(desk, patient, ines, pick=start).status_code == 302
    for again in (ines, other_therapist.therapist):  # a second tab, or the same hour with somebody else
        answer = post_booking(desk, patient, again, pick=start, staff_note="typed in the second tab")
        page = answer.content.decode()
        assert answer.status_code == 409
        assert f"{patient.full_name} already has this time" in page
        assert "Wednesday, May 13, 10:00, with Ines Varga" in page
        assert "Somebody else has taken it" not in page
        assert "typed in the second tab" in page
    page = post_booking(desk, other_patient, ines, pick=start).content.decode()
    assert "Somebody else has taken it" in page
    assert "already has this time" not in page
    assert Appointment.objects.count() == 1


def test_a_visit_moved_onto_another_one_of_the_same_patient_says_whose_that_is(as_, front_desk, ines, patient):
    visit(ines, patient, 10, date(2026, 5, 13))
    row = visit(ines, patient, 15)
    url = reverse("practice:appointment-move", args=[row.pk]) + "?day=2026-05-13&modality=video&type=SESSION"
    start = f"{int(local(date(2026, 5, 13), 10).timestamp())}-{ines.hours.first().location_id}"
    answer = as_(front_desk).post(f"{url}&therapist={ines.pk}", {"token": uuid4(), "revision": 0, "pick": start})
    assert answer.status_code == 409
    assert f"{patient.full_name} already has this time" in answer.content.decode()


@pytest.mark.parametrize("typed", [{}, {"other_time": "half past nine"}, {"pick": "1e99"}, {"pick": "9" * 40}])
def test_no_readable_time_answers_422_beside_the_field(typed, as_, front_desk, ines, patient):
    answer = post_booking(as_(front_desk), patient, ines, **typed)
    assert answer.status_code == 422
    assert Appointment.objects.count() == 0


def test_a_time_the_clock_skips_is_said(as_, front_desk, ines, patient):
    url = reverse("practice:appointment-create") + (
        f"?patient={patient.pk}&type=SESSION&therapist={ines.pk}&modality=video&day=2027-03-14"
    )
    answer = as_(front_desk).post(url, {"token": uuid4(), "other_time": "02:30", "anyway": "1"})
    assert answer.status_code == 422
    assert "does not exist" in answer.content.decode()


# -- Moving and cancelling ---------------------------------------------------------------------------------------------
def test_the_desk_moves_a_visit_and_keeps_its_identity(as_, front_desk, ines, patient):
    before = visit(ines, patient, 15)
    url = reverse("practice:appointment-move", args=[before.pk]) + "?day=2026-05-14&modality=video&type=SESSION"
    start = local(date(2026, 5, 14), 9)
    form = {"token": uuid4(), "revision": 0, "pick": f"{int(start.timestamp())}-{ines.hours.first().location_id}"}
    answer = as_(front_desk).post(f"{url}&therapist={ines.pk}", form)
    assert answer.status_code == 302
    after = Appointment.objects.get()
    assert (after.uid, after.revision, after.starts_at) == (before.uid, 1, start)


def test_two_desks_cannot_overwrite_each_other(as_, front_desk, ines, patient):
    row = visit(ines, patient, 15)
    Appointment.objects.update(revision=4)
    url = reverse("practice:appointment-move", args=[row.pk]) + f"?day=2026-05-14&therapist={ines.pk}"
    form = {
        "token": uuid4(),
        "revision": 3,
        "pick": f"{int(local(date(2026, 5, 14), 9).timestamp())}-{row.location_id}",
    }
    answer = as_(front_desk).post(f"{url}&modality=video&type=SESSION", form)
    assert answer.status_code == 409
    assert Appointment.objects.get().starts_at == local(TUESDAY, 15)


def test_the_desk_cancels_with_a_reason(as_, front_desk, ines, patient):
    row = visit(ines, patient, 15)
    form = {"by_practice": "yes", "reason": "therapist unwell", "revision": 0}
    as_(front_desk).post(reverse("practice:appointment-cancel", args=[row.pk]), form)
    row.refresh_from_db()
    assert (row.status, row.cancel_reason, row.revision) == (Status.CANCELLED_BY_PRACTICE, "therapist unwell", 1)


def test_cancelling_needs_to_know_who_cancels(as_, front_desk, ines, patient):
    row = visit(ines, patient, 15)
    answer = as_(front_desk).post(reverse("practice:appointment-cancel", args=[row.pk]), {"reason": "moved away"})
    assert answer.status_code == 422
    assert "moved away" in answer.content.decode()


# -- Who came ----------------------------------------------------------------------------------------------------------
def test_arrived_late_attended_and_undone(as_, front_desk, ines, patient):
    row, client = visit(ines, patient, 11), as_(front_desk)
    for name, status in (("arrive", "arrived"), ("attend", "attended"), ("undo", "arrived"), ("undo", "booked")):
        client.post(reverse(f"practice:appointment-{name}", args=[row.pk]))
        row.refresh_from_db()
        assert row.status == status


def test_minutes_late_are_written_on_an_arrival(as_, front_desk, ines, patient):
    row = visit(ines, patient, 11, status=Status.ARRIVED, arrived_at=NOON)
    as_(front_desk).post(reverse("practice:appointment-late", args=[row.pk]), {"minutes": "12"})
    row.refresh_from_db()
    assert row.late_minutes == 12


def test_a_visit_to_come_cannot_have_been_missed(as_, front_desk, ines, patient):
    row = visit(ines, patient, 15)
    answer = as_(front_desk).post(reverse("practice:appointment-miss", args=[row.pk]), follow=True)
    row.refresh_from_db()
    assert row.status == Status.BOOKED
    assert "has not begun" in answer.content.decode()


def test_buttons_lead_back_to_our_own_pages_only(as_, front_desk, ines, patient):
    row, client = visit(ines, patient, 11), as_(front_desk)
    url = reverse("practice:appointment-arrive", args=[row.pk])
    assert client.post(url, {"next": "/desk/day/?day=2026-05-12"}).headers["Location"] == "/desk/day/?day=2026-05-12"
    undo = reverse("practice:appointment-undo", args=[row.pk])
    for elsewhere in ("https://evil.example/", "//evil.example/", "evil", "javascript:alert(1)"):
        answer = client.post(undo, {"next": elsewhere})
        assert answer.headers["Location"] == reverse("practice:appointment-detail", args=[row.pk])
        client.post(url)


def test_monday_of_a_sunday_is_six_days_before():
    assert monday_of(date(2026, 5, 17)) == date(2026, 5, 11)


# -- Days and places are local -----------------------------------------------------------------------------------------
def test_in_the_evening_the_desk_still_shows_today(as_, front_desk, ines):
    with time_machine.travel(local(TUESDAY, 17, 30), tick=False):
        answer = as_(front_desk).get(reverse("practice:desk-day"))
    assert answer.context["days"] == [TUESDAY]


def test_moving_an_evening_visit_opens_on_its_own_day(as_, front_desk, ines, patient):
    row = visit(ines, patient, 17)
    answer = as_(front_desk).get(reverse("practice:appointment-move", args=[row.pk]))
    assert answer.context["day"] == TUESDAY


def test_a_time_at_the_second_place_is_booked_there(as_, front_desk, ines, patient):
    mountain = Location.objects.create(name="Millrace", address="3 Mill Lane", zone="America/Denver")
    hours = ines.hours.get(weekday=3)
    hours.location, hours.starts, hours.ends = mountain, time(12), time(15)
    hours.save()
    client = as_(front_desk)
    url = reverse("practice:appointment-create")
    query = f"?patient={patient.pk}&type=SESSION&therapist={ines.pk}&modality=video&day=2026-05-14"
    times = client.get(url + query).context["times"]
    assert [(each["clock"], each["place"]) for each in times] == [(f"{hour}:00", "Millrace") for hour in (12, 13, 14)]
    client.post(url + query, {"token": uuid4(), "pick": times[0]["value"]})
    booked = Appointment.objects.get()
    assert (booked.location, booked.zone) == (mountain, "America/Denver")
    assert booked.starts_at == datetime(2026, 5, 14, 12, tzinfo=ZoneInfo("America/Denver"))


def test_a_hold_that_ran_out_is_not_on_the_calendar(ines):
    row = visit(ines, None, 15, status=Status.HELD, held_until=NOON - timedelta(minutes=1))
    assert row.pk not in {each.pk for cell in week([TUESDAY]).rows[0].cells for each in cell.visits}


def test_a_visit_of_somebody_without_hours_keeps_its_row(ines, patient):
    row = visit(ines, patient, 15)
    ines.user.is_active = False
    ines.user.save()
    assert [[v.pk for v in cell.visits] for cell in week([TUESDAY]).rows[-1].cells] == [[row.pk]]


def test_a_colleague_does_not_mark_my_visit(as_, other_therapist, ines, patient):
    cast.care(patient, other_therapist)
    row = visit(ines, patient, 11)
    answer = as_(other_therapist).post(reverse("practice:appointment-attend", args=[row.pk]))
    row.refresh_from_db()
    assert (answer.status_code, row.status) == (404, Status.BOOKED)


def test_a_contact_under_sixteen_minutes_is_marked_as_short(as_, front_desk, ines, patient):
    row = visit(ines, patient, 11)
    as_(front_desk).post(reverse("practice:appointment-attend", args=[row.pk]), {"short": "1"})
    row.refresh_from_db()
    assert (row.status, row.attended_short) == (Status.ATTENDED, True)
