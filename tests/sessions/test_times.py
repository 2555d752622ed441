"""Every printed moment follows the clock of the person or the clinic. Half past midnight UTC is the evening before."""

from datetime import date, timedelta

import pytest
import time_machine
from django.urls import reverse

from practice import invitations
from practice.models import Appointment, User
from sessions import courses, documents
from tests import cast
from tests.intake.conftest import answered, in_use, responders
from tests.sessions.conftest import attend, note_of, signed

# Tuesday, 5:30 pm in Oregon; Wednesday in UTC.
EVENING = cast.at("2026-05-13 00:30")


@pytest.fixture
def evening():
    with time_machine.travel(EVENING, tick=False) as clock:
        yield clock


@pytest.fixture
def coming(evening, course, therapist):
    """A visit at that same hour a week later."""
    starts_at = cast.at("2026-05-20 00:30")
    return cast.appointment(therapist=therapist.therapist, patient=course.patient, starts_at=starts_at)


def page_of(client, name, *args) -> str:
    return client.get(reverse(name, args=args)).content.decode()


def test_the_course_page_prints_the_visit_on_the_readers_clock_and_says_so(coming, as_):
    page = page_of(as_(coming.patient.user), "sessions:patient-course")
    assert "Tuesday, May 19, 5:30 pm" in page
    assert "On Tuesday:" in page
    assert "Times are Pacific" in page
    assert "12:30 am" not in page


@pytest.mark.parametrize(
    ("modality", "day", "words"),
    [
        ("video", "Tuesday, May 19, 8:30 pm", "Tuesday, 5:30 pm at the clinic (Pacific"),
        ("in_person", "Tuesday, May 19, 5:30 pm", "Times are Pacific"),
    ],
)
def test_a_patient_elsewhere_reads_a_call_at_home_and_a_room_at_the_clinic(coming, modality, day, words, as_):
    User.objects.filter(pk=coming.patient.user_id).update(time_zone="America/New_York")
    Appointment.objects.filter(pk=coming.pk).update(modality=modality)
    page = page_of(as_(User.objects.get(pk=coming.patient.user_id)), "sessions:patient-course")
    assert day in page
    assert words in page


def test_the_patients_first_page_names_the_local_day(evening, patient, as_):
    page = page_of(as_(patient.user), "practice:today")
    assert "Tuesday, May 12" in page
    assert "Wednesday, May 13" not in page


def test_the_editor_prints_the_visit_on_the_clock_of_the_clinic(evening, course, therapist, as_):
    session = attend(course.patient, therapist, 1)
    page = page_of(as_(therapist), "sessions:note-edit", note_of(session).pk)
    assert "Monday, May 11, 17:00" in page


def test_the_invitation_is_dated_on_the_readers_calendar(evening, clinic, therapist, front_desk, as_):
    person = cast.patient_of(None, "Ana", "Lind", email="ana.lind@example.org")
    invitations.invite_patient(by=front_desk, patient=person)
    page = page_of(as_(front_desk), "practice:patient-detail", person.pk)
    assert "Invited on Tue 12 May" in page


def test_a_measure_of_the_evening_bears_the_patients_day_in_the_signed_document(
    evening, course, therapist, supervisor, other_therapist
):
    responders(supervisor, other_therapist)
    answered(course.patient, in_use()["peg"], [5, 5, 5])
    note = signed(attend(course.patient, therapist, 0.1), measures_reason="")
    assert [row["taken_on"] for row in note.document["measures"]] == ["2026-05-12"]
    assert documents.is_intact(note)


@pytest.mark.parametrize(
    ("now", "zone", "today"),
    [
        ("2026-05-13 06:59", "America/Los_Angeles", date(2026, 5, 12)),
        ("2026-05-13 07:01", "America/Los_Angeles", date(2026, 5, 13)),
        ("2026-05-13 12:01", "Pacific/Auckland", date(2026, 5, 14)),
    ],
)
def test_the_longest_wait_and_pause_are_counted_from_the_therapists_own_day(now, zone, today, treated, therapist):
    therapist.time_zone = zone
    therapist.save()
    with time_machine.travel(cast.at(now), tick=False):
        course = courses.begin_intake(by=therapist, patient=treated, therapist=therapist.therapist)
        with pytest.raises(courses.FactsMissing, match="30 days"):
            courses.wait(by=therapist, course=course, reason="No place", next_contact_on=today + timedelta(days=31))
        courses.wait(by=therapist, course=course, reason="No place", next_contact_on=today + timedelta(days=30))
        course = courses.open_course(by=therapist, patient=treated, therapist=therapist.therapist, template="12")
        facts = {"reason": "Surgery", "risk_note": "None", "contact_plan": "Phone monthly"}
        with pytest.raises(courses.FactsMissing, match="90 days"):
            courses.pause(by=therapist, course=course, expected_back_on=today + timedelta(days=91), **facts)
        courses.pause(by=therapist, course=course, expected_back_on=today + timedelta(days=90), **facts)
