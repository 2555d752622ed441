"""The last look: what was planned goes only to whom, by which channel and at which hour it may go now."""

from __future__ import annotations

import threading
from datetime import time, timedelta

import pytest
import time_machine

from practice import gateways, sending, sending_window
from practice.models import Message
from practice.models.consent import Decision
from practice.models.message import Channel
from tests import cast
from tests.practice.messaging import DAYTIME, Scripted, booked, cancelled, consent, letters, many, moved, send

NIGHT = cast.at("2026-05-13 08:00")  # 01:00 in Oregon


@pytest.fixture(autouse=True)
def _noon():
    with time_machine.travel(DAYTIME, tick=False):
        yield


@pytest.fixture
def scripted(monkeypatch, settings):
    """``scripted(...)``: e-mail goes to such a gateway."""

    def use(*script, **kwargs) -> Scripted:
        gateway = Scripted(*script, **kwargs)
        monkeypatch.setitem(gateways.GATEWAYS, (Channel.EMAIL, "file"), lambda: gateway)
        return gateway

    return use


# -- The world is looked at again -------------------------------------------------------------------------------------
def test_a_message_is_sent_once_and_recorded(therapist, patient):
    (message,) = many(therapist, patient, 1)
    assert send().sent == 1
    message.refresh_from_db()
    assert (message.state, message.provider_id) == ("sent", f"{message.pk}.json")
    assert DAYTIME <= message.sent_at <= DAYTIME + timedelta(seconds=5)
    assert (message.lease_token, message.attempts) == (None, 1)
    assert send().claimed == 0


def test_without_consent_no_email_ever(therapist, patient):
    booked(therapist, patient)
    send()
    assert letters() == []
    assert Message.objects.get(kind="appointment_booked").reason == "no consent"


@pytest.mark.parametrize("decision", [Decision.WITHDRAWN, Decision.REFUSED, Decision.EXPIRED])
def test_the_newest_decision_counts(therapist, patient, decision):
    consent(patient, "EMAIL")
    consent(patient, "EMAIL", decision=decision)
    booked(therapist, patient)
    send()
    assert letters() == []


def test_a_consent_between_planning_and_sending_is_obeyed(therapist, patient):
    booked(therapist, patient)
    consent(patient, "EMAIL")
    send()
    assert len(letters()) == 1


def test_an_address_is_read_when_it_is_used(therapist, patient):
    consent(patient, "EMAIL")
    booked(therapist, patient)
    patient.email = "new@example.org"
    patient.save()
    send()
    assert [letter.to for letter in letters()] == ["new@example.org"]


def test_a_reminder_of_a_visit_that_is_gone_is_not_sent(therapist, patient):
    consent(patient, "EMAIL")
    appointment = booked(therapist, patient)
    type(appointment).objects.filter(pk=appointment.pk).update(status="cancelled_early", cancelled_at=DAYTIME)
    send(DAYTIME + timedelta(hours=25))
    assert letters() == []
    assert set(Message.objects.exclude(state="planned").values_list("reason", flat=True)) == {"no longer booked"}


@pytest.mark.parametrize("change", [lambda a: moved(a, timedelta(hours=2)), cancelled])
def test_a_change_while_the_batch_is_being_sent_stops_what_was_not_sent_yet(therapist, patient, change, scripted):
    consent(patient, "EMAIL")
    first = booked(therapist, patient, starts_at=DAYTIME + timedelta(hours=5))
    second = booked(therapist, patient, starts_at=DAYTIME + timedelta(hours=9))
    due = list(Message.objects.filter(kind="appointment_booked").order_by("due_at", "id"))
    last = {first.pk: first, second.pk: second}[due[1].about_id]

    def slow(letter) -> None:
        change(last)
        threading.Event().wait(0.15)  # longer than a look is good for

    gateway = scripted(slow)
    sending.send_batch(now=DAYTIME)
    assert [letter.key for letter in gateway.sent] == [due[0].pk]
    due[1].refresh_from_db()
    assert due[1].state == "withdrawn"


def test_too_late_is_not_sent_and_becomes_a_task_where_somebody_must_call(therapist, patient):
    consent(patient, "EMAIL")
    appointment = booked(therapist, patient)
    send()
    with time_machine.travel(appointment.starts_at - timedelta(hours=1), tick=False):
        send()
    ends = dict(Message.objects.values_list("kind", "state"))
    assert ends == {"appointment_booked": "sent", "reminder_early": "skipped", "reminder_late": "failed"}
    assert len(letters()) == 1


# -- Hours ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("now", "opening"),
    [
        ("2026-05-12 16:00", "2026-05-12 16:00"),  # 09:00
        ("2026-05-12 15:59", "2026-05-12 16:00"),  # 08:59
        ("2026-05-13 02:59", "2026-05-13 02:59"),  # 19:59
        ("2026-05-13 03:00", "2026-05-13 16:00"),  # 20:00
        ("2026-03-08 07:00", "2026-03-08 16:00"),  # 23:00 before the night of the change: 09:00 is an hour earlier
        ("2026-11-01 06:00", "2026-11-01 17:00"),
    ],
)
def test_a_message_waits_for_the_hours_of_the_patients_own_clock(patient, now, opening):
    assert sending_window.next_opening(patient, cast.at(now)) == cast.at(opening)


def test_a_patient_may_narrow_the_hours_and_not_widen_them(patient):
    patient.sending_from, patient.sending_until = time(12), time(23)
    assert sending_window.hours_of(patient) == (time(12), time(20))
    patient.sending_from, patient.sending_until = time(19), time(10)
    assert sending_window.hours_of(patient) == (time(9), time(20))


def test_a_reminder_due_at_night_goes_in_the_morning_and_counts_no_attempt(therapist, patient):
    consent(patient, "EMAIL")
    appointment = booked(therapist, patient, starts_at=NIGHT + timedelta(hours=72))
    reminder = Message.objects.get(kind="reminder_early")
    with time_machine.travel(NIGHT, tick=False):
        assert send().sent == 1  # the confirmation, an answer, needs no hour
    reminder.refresh_from_db()
    assert (reminder.state, reminder.attempts) == ("planned", 0)
    assert reminder.next_attempt_at == cast.at("2026-05-13 16:00")
    with time_machine.travel(cast.at("2026-05-13 16:00"), tick=False):
        assert send().sent == 1
    assert appointment.revision == 0


# -- One channel for one piece of news --------------------------------------------------------------------------------
def reminded(therapist, patient, *consents: str) -> list[str]:
    consent(patient, *consents)
    patient.phone = "+15415550100"
    patient.save()
    appointment = booked(therapist, patient)
    Message.objects.exclude(kind="reminder_late").delete()
    with time_machine.travel(appointment.starts_at - timedelta(hours=23), tick=False):
        send()
    return [letter.channel for letter in letters()]


def test_the_late_reminder_is_a_text_where_that_is_consented(therapist, patient):
    assert reminded(therapist, patient, "EMAIL", "SMS") == ["sms"]


def test_the_late_reminder_is_an_email_where_texts_are_not_consented(therapist, patient):
    assert reminded(therapist, patient, "EMAIL") == ["email"]


def test_the_late_reminder_is_an_email_where_texts_cannot_be_sent(therapist, patient, settings):
    settings.SMS_GATEWAY = "none"
    assert reminded(therapist, patient, "EMAIL", "SMS") == ["email"]


def test_nobody_is_reminded_without_consent(therapist, patient):
    assert reminded(therapist, patient) == []


def test_a_second_text_of_one_day_goes_as_an_email(therapist, patient):
    consent(patient, "EMAIL", "SMS")
    patient.phone = "+15415550100"
    patient.save()
    for hour in (0, 2):
        booked(therapist, patient, starts_at=DAYTIME + timedelta(days=4, hours=hour))
    Message.objects.exclude(kind="reminder_late").delete()
    with time_machine.travel(DAYTIME + timedelta(days=3, hours=3), tick=False):
        send()
    assert sorted(letter.channel for letter in letters()) == ["email", "sms"]


def test_a_change_is_a_text_only_for_those_who_want_no_email(therapist, patient):
    consent(patient, "SMS")
    patient.phone = "+15415550100"
    patient.save()
    appointment = booked(therapist, patient)
    moved(appointment, timedelta(days=1))
    send()
    assert [(letter.channel, letter.kind) for letter in letters()] == [("sms", "appointment_changed")]
