"""Sending: claimed once, looked at again, sent outside any transaction, recorded; trouble stays small."""

from __future__ import annotations

import threading
import uuid
from datetime import time, timedelta

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.utils import timezone

from practice import clocks, gateways, heartbeat, outbox_folder, sending, sending_window
from practice.gateways import LineDown, Refused, TryAgain
from practice.models import Heartbeat, Message
from practice.models.consent import Decision
from practice.models.message import Channel
from tests import cast
from tests.practice.messaging import booked, cancelled, consent, letters, moved, send

DAYTIME = cast.at("2026-05-12 18:00")  # Tuesday, 11:00 in Oregon
NIGHT = cast.at("2026-05-13 08:00")  # 01:00 in Oregon


@pytest.fixture
def _noon():
    with time_machine.travel(DAYTIME, tick=False):
        yield


pytestmark = pytest.mark.usefixtures("_noon")


class Scripted:
    """A gateway of its own kind, for tests of trouble: each letter meets the next thing of ``script``, then success.

    A script entry is an exception to raise, or a function to call with the letter before it succeeds.
    """

    longest = 1.0

    def __init__(self, *script, forever=None) -> None:
        self.script, self.forever, self.sent = list(script), forever, []

    def send(self, letter) -> str:
        step = self.script.pop(0) if self.script else self.forever
        if isinstance(step, Exception):
            raise step
        if step:
            step(letter)
        self.sent.append(letter)
        return "scripted"

    def close(self) -> None: ...


@pytest.fixture
def scripted(monkeypatch, settings):
    """``scripted(...)``: e-mail goes to such a gateway."""

    def use(*script, **kwargs) -> Scripted:
        gateway = Scripted(*script, **kwargs)
        monkeypatch.setitem(gateways.GATEWAYS, (Channel.EMAIL, "file"), lambda: gateway)
        return gateway

    return use


def many(therapist, patient, count: int, *, first: int = 1) -> list[Message]:
    """``count`` confirmations that are due now, each of an appointment of its own, an hour apart."""
    consent(patient, "EMAIL")
    for number in range(count):
        booked(therapist, patient, starts_at=DAYTIME + timedelta(hours=first + number))
    return list(Message.objects.filter(kind="appointment_booked").order_by("due_at", "id"))


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


# -- Trouble ----------------------------------------------------------------------------------------------------------
def test_a_bad_address_stops_nobody_else(therapist, patient, scripted):
    due = many(therapist, patient, 3)
    gateway = scripted(None, Refused("address refused (550)"))
    tally = send()
    assert (tally.sent, tally.failed) == (2, 1)
    assert [letter.key for letter in gateway.sent] == [due[0].pk, due[2].pk]
    due[1].refresh_from_db()
    assert (due[1].state, due[1].reason) == ("failed", "address refused (550)")


def test_an_error_of_ours_in_one_message_stops_nobody_else(therapist, patient, scripted):
    due = many(therapist, patient, 2)
    scripted(KeyError("a bug"))
    tally = send()
    assert (tally.sent, tally.put_back) == (1, 1)
    due[0].refresh_from_db()
    assert (due[0].state, due[0].reason) == ("planned", "our error: KeyError")


def test_trouble_is_tried_again_with_growing_pauses_and_given_up_after_twelve(therapist, patient, scripted):
    (message,) = many(therapist, patient, 1)
    scripted(forever=TryAgain("mail server said 451"))
    pauses = []
    now = DAYTIME
    with time_machine.travel(DAYTIME, tick=False):
        for _attempt in range(12):
            sending.send_batch(now=now)
            message.refresh_from_db()
            pauses.append((message.next_attempt_at - now).total_seconds())
            now = message.next_attempt_at
    assert (message.state, message.attempts, message.reason) == ("failed", 12, "mail server said 451")
    assert 1 <= pauses[0] <= 3.5
    assert 150 <= pauses[10] <= 451


def test_the_providers_wish_to_wait_is_kept(therapist, patient, scripted):
    (message,) = many(therapist, patient, 1)
    scripted(TryAgain("busy", after=120))
    send()
    message.refresh_from_db()
    assert message.next_attempt_at >= DAYTIME + timedelta(seconds=120)


def test_a_line_that_is_down_costs_no_attempt_and_is_asked_once_a_batch(therapist, patient, scripted):
    due = many(therapist, patient, 3)
    gateway = scripted(LineDown("mail server not reached"))
    sending.send_batch(now=DAYTIME)
    assert gateway.sent == []
    for message in due:
        message.refresh_from_db()
        assert (message.state, message.attempts) == ("planned", 0)
        assert message.next_attempt_at <= DAYTIME + timedelta(seconds=6)


def test_a_message_whose_sender_dies_each_time_is_given_up(therapist, patient):
    (message,) = many(therapist, patient, 1)
    now = DAYTIME
    for _death in range(12):
        assert sending.claim(now=now, token=uuid.uuid4()) == [message.pk]
        now += sending.LEASE
    sending.send_batch(now=now)
    message.refresh_from_db()
    assert (message.state, message.reason) == ("failed", "its sender died each time")
    assert letters() == []


# -- Claims and leases ------------------------------------------------------------------------------------------------
def test_a_dead_senders_message_is_claimed_again_when_its_lease_is_over(therapist, patient):
    (message,) = many(therapist, patient, 1)
    assert sending.claim(now=DAYTIME, token=uuid.uuid4()) == [message.pk]
    assert sending.send_batch(now=DAYTIME + timedelta(seconds=29)).claimed == 0
    assert sending.send_batch(now=DAYTIME + timedelta(seconds=30)).sent == 1


def test_a_late_sender_finds_its_token_gone_and_sends_nothing(therapist, patient):
    many(therapist, patient, 1)
    late = sending.Batch(DAYTIME, 10)
    assert sending.send_batch(now=DAYTIME + timedelta(seconds=31)).sent == 1
    late.work()
    assert len(letters()) == 1
    assert late.tally.sent == 0


def test_what_the_lease_does_not_cover_is_given_back_at_once(therapist, patient):
    due = many(therapist, patient, 2)
    batch = sending.Batch(DAYTIME, 10)
    batch.claimed_at -= sending.LEASE.total_seconds() - 2
    batch.work()
    assert letters() == []
    for message in due:
        message.refresh_from_db()
        assert (message.state, message.attempts, message.lease_token) == ("planned", 0, None)


def test_a_result_is_recorded_only_under_the_own_token(therapist, patient, scripted):
    (message,) = many(therapist, patient, 1)
    other = uuid.uuid4()
    scripted(lambda letter: Message.objects.filter(pk=letter.key).update(lease_token=other))
    sending.send_batch(now=DAYTIME)
    message.refresh_from_db()
    assert (message.state, message.lease_token) == ("claimed", other)


def test_a_withdrawal_on_the_wire_does_not_put_a_refused_message_back(therapist, patient, scripted):
    (message,) = many(therapist, patient, 1)

    def withdrawn_and_refused(letter) -> None:
        Message.objects.filter(pk=letter.key).update(reason="withdrawn")
        raise TryAgain("mail server said 451")

    scripted(withdrawn_and_refused)
    sending.send_batch(now=DAYTIME)
    message.refresh_from_db()
    assert message.state == "withdrawn"


def test_looking_costs_the_same_queries_for_one_message_and_for_twenty(
    therapist, patient, scripted, django_assert_num_queries
):
    many(therapist, patient, 1)
    scripted()
    with django_assert_num_queries(6):  # claim, messages, practice, appointments, consents, one record
        sending.send_batch(now=DAYTIME)
    many(therapist, patient, 20, first=2)
    batch = sending.Batch(timezone.now(), 40)
    with django_assert_num_queries(4):
        look = sending.Look(batch.waiting, token=batch.token, now=DAYTIME)
        for message in look.messages.values():
            look.letter(message)


def test_two_senders_share_the_work_and_nothing_goes_twice(committed_db, django_db_blocker):
    with django_db_blocker.unblock():
        cast.clinic()
        therapist = cast.PEOPLE["therapist"]()
        patient = cast.PEOPLE["patient"]()
        due = many(therapist, patient, 60)
        start = threading.Barrier(3)
        tallies = []

        def sender() -> None:
            try:
                start.wait(20)
                total = sending.Tally()
                while (tally := sending.send_batch(now=DAYTIME, limit=5)).claimed:
                    total.add(tally)
                tallies.append(total)
            finally:
                connection.close()

        threads = [threading.Thread(target=sender, daemon=True) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
            assert not thread.is_alive()
        assert sum(tally.sent for tally in tallies) == len(due)
        counts = outbox_folder.deliveries()
        assert counts == {str(message.pk): 1 for message in due}


def test_a_claim_passes_by_rows_that_somebody_holds(committed_db, django_db_blocker):
    with django_db_blocker.unblock():
        cast.clinic()
        due = many(cast.PEOPLE["therapist"](), cast.PEOPLE["patient"](), 2)
        held, done = threading.Event(), threading.Event()

        def hold() -> None:
            try:
                with transaction.atomic():
                    Message.objects.select_for_update().get(pk=due[0].pk)
                    held.set()
                    done.wait(30)
            finally:
                connection.close()

        thread = threading.Thread(target=hold, daemon=True)
        thread.start()
        assert held.wait(20)
        assert sending.claim(now=DAYTIME, token=uuid.uuid4()) == [due[1].pk]
        done.set()
        thread.join(20)


# -- Clocks, heartbeats, the command ----------------------------------------------------------------------------------
def test_nothing_is_sent_where_the_clocks_disagree_by_more_than_a_minute(therapist, patient):
    """The test stands in 2026, PostgreSQL in the present."""
    many(therapist, patient, 1)
    with pytest.raises(clocks.ClocksDisagree):
        sending.send_due(who=heartbeat.LOOP)
    with pytest.raises(CommandError, match="differ"):
        call_command("send_due")
    assert letters() == []
    assert not Heartbeat.objects.exists()


def test_the_command_sends_and_its_heart_beats(therapist, patient, capsys):
    with time_machine.travel(clocks.difference() * -1 + timezone.now(), tick=True):
        consent(patient, "EMAIL")
        booked(therapist, patient)
        call_command("send_due")
        assert "sent 1," in capsys.readouterr().out
        beat = Heartbeat.objects.get()
        assert beat.name == "loop"
        assert timezone.now() - beat.beat_at < timedelta(seconds=60)
