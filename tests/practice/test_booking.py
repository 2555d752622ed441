"""Booking: the rules every path to a time goes through."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from practice import booking, care
from practice.booking import LimitReached, NotOffered, OutsideHours, SlotTaken, TokenReused
from practice.models import (
    Appointment,
    AuditEvent,
    CareAssignment,
    ManageLink,
    Message,
    Modality,
    Room,
    Status,
    TimeOff,
)
from tests import cast
from tests.practice.schedule import TUESDAY_NINE, confirmed, contact, frozen, held

__all__ = ["frozen"]
pytestmark = pytest.mark.usefixtures("frozen")


def book(clinic, therapist, patient, starts_at=TUESDAY_NINE, **how):
    how = {"by": None, "modality": Modality.VIDEO, "type": clinic.session, "location": clinic.location} | how
    return booking.book(therapist=therapist.therapist, patient=patient, starts_at=starts_at, **how)


def test_a_booking_writes_visit_guard_link_and_audit_row(clinic, therapist, patient, front_desk):
    appointment = book(clinic, therapist, patient, by=front_desk)
    assert appointment.status == Status.BOOKED
    assert appointment.ends_at == TUESDAY_NINE + timedelta(minutes=50)
    assert appointment.guard.lower == TUESDAY_NINE
    assert appointment.guard.upper == TUESDAY_NINE + timedelta(minutes=60)
    assert appointment.zone == "America/Los_Angeles"
    assert appointment.booked_by == front_desk
    assert ManageLink.objects.filter(appointment=appointment).count() == 1
    assert [event.action for event in AuditEvent.objects.filter(patient_id=patient.pk)] == ["book"]
    assert Appointment.pgh_event_model.objects.filter(pgh_obj=appointment).count() == 1


def test_a_booking_plans_its_messages_in_the_same_transaction(clinic, therapist, patient, front_desk):
    appointment = book(clinic, therapist, patient, by=front_desk)
    assert set(Message.objects.filter(about_id=appointment.pk).values_list("kind", flat=True)) == {
        "appointment_booked",
        "reminder_early",
        "reminder_late",
    }


def test_the_same_time_of_a_therapist_is_booked_once(clinic, therapist, patient, other_patient, front_desk):
    book(clinic, therapist, patient, by=front_desk)
    with pytest.raises(SlotTaken):
        book(clinic, therapist, other_patient, by=front_desk)
    assert Appointment.objects.count() == 1


@pytest.mark.parametrize("minutes", [-59, -1, 1, 30, 59])
def test_buffers_of_neighbours_keep_their_distance(clinic, therapist, patient, other_patient, front_desk, minutes):
    book(clinic, therapist, patient, TUESDAY_NINE + timedelta(hours=2), by=front_desk)
    with pytest.raises(SlotTaken):
        book(
            clinic,
            therapist,
            other_patient,
            TUESDAY_NINE + timedelta(hours=2, minutes=minutes),
            by=front_desk,
            outside_hours=True,
        )


@pytest.mark.parametrize("minutes", [-60, 60])
def test_neighbours_may_touch(clinic, therapist, patient, other_patient, front_desk, minutes):
    book(clinic, therapist, patient, TUESDAY_NINE + timedelta(hours=2), by=front_desk)
    book(clinic, therapist, other_patient, TUESDAY_NINE + timedelta(hours=2, minutes=minutes), by=front_desk)
    assert Appointment.objects.count() == 2


def test_a_patient_is_in_one_place_at_a_time(clinic, therapist, other_therapist, patient, front_desk):
    book(clinic, therapist, patient, by=front_desk)
    with pytest.raises(SlotTaken):
        book(clinic, other_therapist, patient, TUESDAY_NINE + timedelta(minutes=30), by=front_desk, outside_hours=True)


def test_any_room_takes_the_next_one_that_is_free(
    clinic, therapist, other_therapist, trainee, patient, other_patient, front_desk
):
    people = [patient, other_patient, cast.patient_of(None, "Third", "Person")]
    staff = [therapist, other_therapist, trainee]
    found = [
        book(clinic, who, person, by=front_desk, modality=Modality.IN_PERSON).room
        for who, person in zip(staff[:2], people[:2], strict=True)
    ]
    assert found == [clinic.room, clinic.other_room]
    with pytest.raises(SlotTaken):
        book(clinic, staff[2], people[2], by=front_desk, modality=Modality.IN_PERSON)


def test_a_room_is_taken_once_even_when_asked_for_by_name(
    clinic, therapist, other_therapist, patient, other_patient, front_desk
):
    book(clinic, therapist, patient, by=front_desk, modality=Modality.IN_PERSON, room=clinic.room)
    with pytest.raises(SlotTaken):
        book(clinic, other_therapist, other_patient, by=front_desk, modality=Modality.IN_PERSON, room=clinic.room)


def test_a_closed_room_is_not_any_room(clinic, therapist, patient, front_desk):
    Room.objects.update(is_open=False)
    with pytest.raises(SlotTaken):
        book(clinic, therapist, patient, by=front_desk, modality=Modality.IN_PERSON)


@pytest.mark.parametrize("hours", [-1, 7.5, 24 * 5])
def test_staff_are_asked_before_they_book_outside_hours(clinic, therapist, patient, front_desk, hours):
    when = TUESDAY_NINE + timedelta(hours=hours)
    with pytest.raises(OutsideHours):
        book(clinic, therapist, patient, when, by=front_desk)
    assert book(clinic, therapist, patient, when, by=front_desk, outside_hours=True).starts_at == when


def test_staff_may_leave_the_grid_inside_hours(clinic, therapist, patient, front_desk):
    assert book(clinic, therapist, patient, TUESDAY_NINE + timedelta(minutes=7), by=front_desk).pk


def test_time_off_closes_the_calendar(clinic, therapist, patient, front_desk):
    TimeOff.objects.create(
        therapist=therapist.therapist, starts_at=TUESDAY_NINE, ends_at=TUESDAY_NINE + timedelta(hours=3)
    )
    with pytest.raises(OutsideHours):
        book(clinic, therapist, patient, by=front_desk)
    with pytest.raises(NotOffered):
        book(clinic, therapist, patient)


def test_a_holiday_closes_the_location(clinic, therapist, patient, front_desk):
    TimeOff.objects.create(location=clinic.location, starts_at=TUESDAY_NINE, ends_at=TUESDAY_NINE + timedelta(hours=3))
    with pytest.raises(OutsideHours):
        book(clinic, therapist, patient, by=front_desk)


@pytest.mark.parametrize("minutes", [7, -60])
def test_patients_are_bound_to_the_public_grid(clinic, therapist, patient, minutes):
    with pytest.raises(NotOffered):
        book(clinic, therapist, patient, TUESDAY_NINE + timedelta(minutes=minutes), by=patient.user)


def test_a_naive_time_is_refused(clinic, therapist, patient, front_desk):
    with pytest.raises(ValueError, match="time zone"):
        book(clinic, therapist, patient, datetime(2027, 3, 9, 9, 0), by=front_desk)


def test_the_same_token_is_one_booking(clinic, therapist, patient, front_desk):
    token = uuid.uuid4()
    first = book(clinic, therapist, patient, by=front_desk, token=token)
    assert book(clinic, therapist, patient, by=front_desk, token=token) == first
    assert Message.objects.filter(kind="appointment_booked").count() == 1


def test_a_token_with_another_body_is_refused(clinic, therapist, patient, front_desk):
    token = uuid.uuid4()
    book(clinic, therapist, patient, by=front_desk, token=token)
    with pytest.raises(TokenReused):
        book(clinic, therapist, patient, TUESDAY_NINE + timedelta(hours=1), by=front_desk, token=token)


def test_an_expired_hold_in_the_way_is_released(clinic, therapist, patient, front_desk, frozen):
    stale = held(clinic, therapist, TUESDAY_NINE)
    frozen.shift(timedelta(minutes=11))
    book(clinic, therapist, patient, by=front_desk)
    assert not Appointment.objects.filter(pk=stale.pk).exists()


def test_a_live_hold_is_respected_by_staff(clinic, therapist, patient, front_desk):
    held(clinic, therapist, TUESDAY_NINE)
    with pytest.raises(SlotTaken):
        book(clinic, therapist, patient, by=front_desk)


def test_a_free_talk_lets_the_therapist_open_the_record(clinic, therapist, patient, front_desk):
    book(clinic, therapist, patient, by=front_desk, type=clinic.consultation)
    assignment = CareAssignment.objects.get(patient=patient)
    assert (assignment.clinician, assignment.role, assignment.reason) == (therapist, "treating", care.BY_CONSULTATION)


def test_a_session_alone_opens_no_record(clinic, therapist, patient, front_desk):
    book(clinic, therapist, patient, by=front_desk)
    assert not CareAssignment.objects.exists()


# -- Limits ------------------------------------------------------------------------------------------------------------
def test_one_free_talk_per_therapist_and_person(clinic, therapist):
    confirmed(clinic, therapist, TUESDAY_NINE, contact("rosa@example.org"))
    with pytest.raises(LimitReached):
        confirmed(clinic, therapist, TUESDAY_NINE + timedelta(days=1), contact(" ROSA@example.org "))


def test_limits_count_the_telephone_too(clinic, therapist):
    confirmed(clinic, therapist, TUESDAY_NINE, contact("rosa@example.org", phone="+15415550177"))
    with pytest.raises(LimitReached):
        confirmed(
            clinic,
            therapist,
            TUESDAY_NINE + timedelta(days=1),
            contact("another@example.org", phone="+15415550177"),
        )


def test_three_free_talks_per_person(clinic, therapist, other_therapist, trainee):
    people = [therapist, other_therapist, trainee]
    clinic.consultation.per_person_limit = 2
    clinic.consultation.save()
    for number, who in enumerate(people[:2]):
        confirmed(clinic, who, TUESDAY_NINE + timedelta(days=number), contact("rosa@example.org"))
    with pytest.raises(LimitReached):
        confirmed(clinic, people[2], TUESDAY_NINE + timedelta(days=2), contact("rosa@example.org"))


def test_a_person_is_not_booked_twice_at_one_time(clinic, therapist, other_therapist):
    confirmed(clinic, therapist, TUESDAY_NINE, contact("rosa@example.org"))
    with pytest.raises(LimitReached):
        confirmed(clinic, other_therapist, TUESDAY_NINE, contact("rosa@example.org"))


def test_a_cancelled_talk_does_not_count(clinic, therapist):
    first = confirmed(clinic, therapist, TUESDAY_NINE, contact("rosa@example.org"))
    Appointment.objects.filter(pk=first.pk).update(status=Status.CANCELLED_EARLY, cancelled_at=timezone.now())
    assert confirmed(clinic, therapist, TUESDAY_NINE + timedelta(days=1), contact("rosa@example.org")).pk


def test_typed_data_never_finds_an_existing_patient(clinic, therapist, patient):
    appointment = confirmed(clinic, therapist, TUESDAY_NINE, contact(patient.email))
    assert appointment.patient != patient
    assert appointment.patient.status == "prospect"
    assert appointment.patient.user is None


def test_times_are_kept_in_utc(clinic, therapist, patient, front_desk):
    here = TUESDAY_NINE.astimezone(clinic.location.zone_info)
    assert book(clinic, therapist, patient, here, by=front_desk).starts_at.tzinfo is UTC
