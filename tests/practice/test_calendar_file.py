"""The .ics: one UID for life, a rising SEQUENCE, UTC, private, folded, and nothing that tells what it is for."""

from __future__ import annotations

import re
from datetime import UTC, timedelta

import icalendar
import pytest
import time_machine

from practice import calendar_file
from practice.models import Practice
from tests import cast
from tests.practice.messaging import booked, cancelled, consent, letters, moved, send

DAYTIME = cast.at("2026-05-12 18:00")


@pytest.fixture(autouse=True)
def _noon():
    with time_machine.travel(DAYTIME, tick=False):
        yield


@pytest.fixture
def appointment(therapist, patient):
    consent(patient, "EMAIL")
    return booked(therapist, patient, starts_at=cast.at("2026-05-19 17:20"))


def event_of(letter) -> icalendar.Event:
    (event,) = icalendar.Calendar.from_ical(letter.calendar).events
    return event


def file_for(appointment, method="PUBLISH", **kwargs) -> bytes:
    facts = {"practice": Practice.objects.get(), "link": "http://localhost:8000/a/x", "phone": "(541) 555-0142"}
    return calendar_file.calendar_file(appointment, method=method, **(facts | kwargs))


def test_book_move_move_cancel_is_one_event_with_a_rising_sequence(appointment):
    send()
    moved(appointment, timedelta(hours=2))
    send()
    moved(appointment, timedelta(days=1))
    send()
    cancelled(appointment)
    send()
    sent = letters()
    events = [event_of(letter) for letter in sent]
    assert [event["sequence"] for event in events] == [0, 1, 2, 3]
    assert [letter.method for letter in sent] == ["REQUEST", "REQUEST", "REQUEST", "CANCEL"]
    assert [event["status"] for event in events] == ["CONFIRMED"] * 3 + ["CANCELLED"]
    assert {event["uid"] for event in events} == {f"{appointment.uid}@localhost"}
    for letter in sent:
        assert icalendar.Calendar.from_ical(letter.calendar)["method"] == letter.method


def test_a_visit_nobody_came_to_sends_nothing(appointment):
    send()
    type(appointment).objects.filter(pk=appointment.pk).update(status="no_show")
    with time_machine.travel(appointment.starts_at + timedelta(hours=2), tick=False):
        send()
    assert len(letters()) == 1


def test_an_internal_note_leaves_the_sequence_alone(appointment):
    appointment.staff_note = "bring the key"
    appointment.save()
    send()
    assert event_of(letters()[0])["sequence"] == 0


def test_the_event_is_complete_private_and_in_utc(appointment, patient):
    text = file_for(appointment, "REQUEST", attendee=patient.email).decode()
    lines = text.replace("\r\n ", "").split("\r\n")
    for line in (
        "VERSION:2.0",
        "METHOD:REQUEST",
        "DTSTART:20260519T172000Z",
        "DTEND:20260519T181000Z",
        "DTSTAMP:20260512T180000Z",
        "SEQUENCE:0",
        "SUMMARY:Appointment",
        "CLASS:PRIVATE",
        "STATUS:CONFIRMED",
        "LOCATION:14 Quay Street\\, Tern Bay",
        "DESCRIPTION:http://localhost:8000/a/x\\n(541) 555-0142",
        'ORGANIZER;CN="Tern Bay":mailto:no-reply@evenkeel.invalid',
    ):
        assert line in lines
    (attendee,) = [line for line in lines if line.startswith("ATTENDEE")]
    assert "RSVP=TRUE" in attendee
    assert attendee.endswith(f":mailto:{patient.email}")
    assert "VALARM" not in text
    assert "Meier" not in text
    assert "Varga" not in text


def test_lines_end_in_crlf_and_are_folded_at_75_octets_between_characters(appointment):
    appointment.location.address = "Überlange Straße 14, " * 12 + "a;b\\c"
    file = file_for(appointment)
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)", file)
    assert all(len(line) <= 75 for line in file.split(b"\r\n"))
    for line in file.split(b"\r\n"):
        line.decode()
    (event,) = icalendar.Calendar.from_ical(file).events
    assert event["location"] == appointment.location.address


def test_a_download_publishes_and_names_no_attendee(appointment):
    (event,) = icalendar.Calendar.from_ical(file_for(appointment)).events
    assert "attendee" not in event
    assert calendar_file.content_type("PUBLISH") == "text/calendar; charset=utf-8; method=PUBLISH"


@pytest.mark.parametrize(("modality", "place"), [("video", "Online – sign in to join"), ("phone", "By phone")])
def test_a_remote_visit_has_no_meeting_address(appointment, modality, place):
    appointment.modality = modality
    (event,) = icalendar.Calendar.from_ical(file_for(appointment)).events
    assert event["location"] == place


def test_a_weekly_afternoon_stays_at_its_hour_across_the_clock_change(therapist, other_patient):
    hours = set()
    for when in ("2026-10-20 21:00", "2026-10-27 21:00", "2026-11-03 22:00", "2026-11-10 22:00"):
        visit = cast.appointment(therapist=therapist.therapist, patient=other_patient, starts_at=cast.at(when))
        (event,) = icalendar.Calendar.from_ical(file_for(visit)).events
        assert event["dtstart"].dt.tzinfo in (UTC, event["dtstart"].dt.tzinfo)
        hours.add(event["dtstart"].dt.astimezone(visit.location.zone_info).hour)
    assert hours == {14}
