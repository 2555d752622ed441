"""Moving, cancelling, bringing back and confirming an appointment."""

from datetime import timedelta

import pytest

from practice import booking, changing
from practice.booking import NotOffered, OutsideHours, SlotTaken
from practice.changing import CannotChange, StaleVersion, TooLate
from practice.models import Appointment, AuditEvent, CareAssignment, Message, Modality, Status
from tests.practice.schedule import TUESDAY_NINE, confirmed, contact, frozen

__all__ = ["frozen"]
pytestmark = pytest.mark.usefixtures("frozen")
HOUR = timedelta(hours=1)


@pytest.fixture
def visit(clinic, therapist, patient, front_desk) -> Appointment:
    return booking.book(
        by=front_desk,
        therapist=therapist.therapist,
        patient=patient,
        type=clinic.session,
        modality=Modality.IN_PERSON,
        location=clinic.location,
        starts_at=TUESDAY_NINE,
    )


def other_visit(clinic, therapist, patient, by, starts_at, **how) -> Appointment:
    how = {"modality": Modality.VIDEO} | how
    return booking.book(
        by=by,
        therapist=therapist.therapist,
        patient=patient,
        type=clinic.session,
        location=clinic.location,
        starts_at=starts_at,
        **how,
    )


def test_a_move_keeps_the_row_and_raises_the_revision(visit, front_desk):
    moved = changing.move(by=front_desk, appointment=visit, starts_at=TUESDAY_NINE + HOUR)
    assert (moved.pk, moved.uid, moved.revision, moved.room) == (visit.pk, visit.uid, 1, visit.room)
    assert moved.ends_at - moved.starts_at == timedelta(minutes=50)
    assert moved.guard.upper == TUESDAY_NINE + 2 * HOUR
    assert Message.objects.filter(kind="appointment_changed", revision=1).count() == 1
    assert [e.action for e in AuditEvent.objects.filter(object_id=str(visit.pk)).order_by("pk")] == ["book", "move"]


def test_a_move_may_overlap_its_own_old_time(visit, front_desk):
    moved = changing.move(by=front_desk, appointment=visit, starts_at=TUESDAY_NINE + timedelta(minutes=20))
    assert moved.starts_at == TUESDAY_NINE + timedelta(minutes=20)


def test_a_move_to_where_it_is_changes_nothing(visit, front_desk):
    assert changing.move(by=front_desk, appointment=visit, starts_at=TUESDAY_NINE).revision == 0


def test_another_room_alone_is_no_news(visit, front_desk, clinic):
    moved = changing.move(by=front_desk, appointment=visit, starts_at=TUESDAY_NINE, room=clinic.other_room)
    assert (moved.room, moved.revision) == (clinic.other_room, 0)
    assert not Message.objects.filter(kind="appointment_changed").exists()


def test_a_move_to_a_taken_time_leaves_everything_as_it_was(visit, front_desk, clinic, therapist, other_patient):
    other_visit(clinic, therapist, other_patient, front_desk, TUESDAY_NINE + 2 * HOUR)
    with pytest.raises(SlotTaken):
        changing.move(by=front_desk, appointment=visit, starts_at=TUESDAY_NINE + 2 * HOUR)
    visit.refresh_from_db()
    assert (visit.starts_at, visit.revision) == (TUESDAY_NINE, 0)


def test_a_move_takes_another_room_where_the_old_one_is_gone(visit, front_desk, clinic, other_therapist, other_patient):
    other_visit(
        clinic, other_therapist, other_patient, front_desk, TUESDAY_NINE + HOUR, modality=Modality.IN_PERSON,
        room=visit.room,
    )  # fmt: skip
    moved = changing.move(by=front_desk, appointment=visit, starts_at=TUESDAY_NINE + HOUR)
    assert moved.room == clinic.other_room


def test_a_move_to_another_therapist_keeps_the_calendar_entry(visit, front_desk, other_therapist):
    moved = changing.move(by=front_desk, appointment=visit, starts_at=TUESDAY_NINE, therapist=other_therapist.therapist)
    assert (moved.uid, moved.revision, moved.therapist.user) == (visit.uid, 1, other_therapist)


def test_a_free_talk_that_moves_takes_the_care_along(clinic, therapist, other_therapist, front_desk, frozen):
    talk = confirmed(clinic, therapist, TUESDAY_NINE, contact("rosa@example.org"))
    frozen.shift(HOUR)
    changing.move(by=front_desk, appointment=talk, starts_at=TUESDAY_NINE, therapist=other_therapist.therapist)
    running = CareAssignment.objects.running().filter(patient=talk.patient)
    assert [each.clinician for each in running] == [other_therapist]


def test_a_confirmed_visit_that_moves_waits_to_be_confirmed_again(visit, front_desk, patient):
    changing.confirm_visit(by=patient.user, appointment=visit)
    moved = changing.move(by=front_desk, appointment=visit, starts_at=TUESDAY_NINE + HOUR)
    assert (moved.status, moved.confirmed_at) == (Status.BOOKED, None)


@pytest.mark.parametrize("signed_in", [True, False])
def test_who_said_yes_and_moves_the_own_visit_has_said_yes_to_the_new_time(visit, patient, frozen, signed_in):
    by = patient.user if signed_in else None
    changing.confirm_visit(by=by, appointment=visit)
    frozen.shift(HOUR)
    moved = changing.move(by=by, appointment=visit, starts_at=TUESDAY_NINE + HOUR)
    assert moved.status == Status.CONFIRMED
    assert moved.confirmed_at - visit.created_at == HOUR


def test_a_move_alone_is_no_yes(visit, patient):
    moved = changing.move(by=patient.user, appointment=visit, starts_at=TUESDAY_NINE + HOUR)
    assert (moved.status, moved.confirmed_at) == (Status.BOOKED, None)


def test_patients_move_on_the_public_grid_only(visit, patient):
    with pytest.raises(NotOffered):
        changing.move(by=patient.user, appointment=visit, starts_at=TUESDAY_NINE + timedelta(minutes=7))


def test_staff_are_asked_before_they_move_outside_hours(visit, front_desk):
    with pytest.raises(OutsideHours):
        changing.move(by=front_desk, appointment=visit, starts_at=TUESDAY_NINE - HOUR)
    assert changing.move(by=front_desk, appointment=visit, starts_at=TUESDAY_NINE - HOUR, outside_hours=True).pk


def test_a_page_that_is_out_of_date_changes_nothing(visit, front_desk):
    changing.move(by=front_desk, appointment=visit, starts_at=TUESDAY_NINE + HOUR)
    visit.refresh_from_db()
    with pytest.raises(StaleVersion):
        changing.move(by=front_desk, appointment=visit, starts_at=TUESDAY_NINE, revision=0)
    with pytest.raises(StaleVersion):
        changing.cancel(by=front_desk, appointment=visit, revision=0)


@pytest.mark.parametrize("by_link", [True, False])
def test_after_the_deadline_it_is_the_telephone(visit, patient, frozen, by_link):
    frozen.move_to(TUESDAY_NINE - timedelta(hours=23))
    who = None if by_link else patient.user
    with pytest.raises(TooLate):
        changing.cancel(by=who, appointment=visit)
    with pytest.raises(TooLate):
        changing.move(by=who, appointment=visit, starts_at=TUESDAY_NINE + 2 * HOUR)


@pytest.mark.parametrize(
    ("before", "by_practice", "status"),
    [(25, False, "cancelled_early"), (23, False, "cancelled_late"), (23, True, "cancelled_by_practice")],
)
def test_a_cancellation_is_early_late_or_the_practices(visit, front_desk, frozen, before, by_practice, status):
    frozen.move_to(TUESDAY_NINE - timedelta(hours=before))
    cancelled = changing.cancel(by=front_desk, appointment=visit, by_practice=by_practice, reason="a cold")
    assert (cancelled.status, cancelled.revision, cancelled.cancel_reason) == (status, 1, "a cold")
    assert not Message.objects.filter(about_id=visit.pk, state="planned", kind__startswith="reminder").exists()


def test_a_cancelled_time_is_free_again(visit, front_desk, clinic, therapist, other_patient):
    changing.cancel(by=front_desk, appointment=visit)
    assert other_visit(clinic, therapist, other_patient, front_desk, TUESDAY_NINE).pk


def test_a_cancelled_free_talk_takes_its_reason_to_look_away(clinic, therapist, frozen):
    talk = confirmed(clinic, therapist, TUESDAY_NINE, contact("rosa@example.org"))
    frozen.shift(HOUR)
    changing.cancel(by=None, appointment=talk)
    assert not CareAssignment.objects.running().filter(patient=talk.patient).exists()


def test_what_is_cancelled_cannot_be_cancelled_moved_or_confirmed(visit, front_desk):
    changing.cancel(by=front_desk, appointment=visit)
    visit.refresh_from_db()
    with pytest.raises(CannotChange):
        changing.cancel(by=front_desk, appointment=visit)
    with pytest.raises(CannotChange):
        changing.move(by=front_desk, appointment=visit, starts_at=TUESDAY_NINE + HOUR)
    with pytest.raises(CannotChange):
        changing.confirm_visit(by=None, appointment=visit)


def test_an_undone_cancellation_rises_too(visit, front_desk):
    changing.cancel(by=front_desk, appointment=visit)
    back = changing.undo_cancel(by=front_desk, appointment=visit)
    assert (back.status, back.revision, back.cancelled_at) == (Status.BOOKED, 2, None)


def test_an_undone_cancellation_needs_its_time_to_be_free(visit, front_desk, clinic, therapist, other_patient):
    changing.cancel(by=front_desk, appointment=visit)
    other_visit(clinic, therapist, other_patient, front_desk, TUESDAY_NINE)
    with pytest.raises(SlotTaken):
        changing.undo_cancel(by=front_desk, appointment=visit)


def test_confirming_twice_is_confirming_once(visit, patient):
    first = changing.confirm_visit(by=patient.user, appointment=visit)
    again = changing.confirm_visit(by=patient.user, appointment=visit)
    assert (first.status, again.confirmed_at, again.revision) == (Status.CONFIRMED, first.confirmed_at, 0)
