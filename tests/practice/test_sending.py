"""Sending: claimed once, sent outside any transaction, recorded under the token; trouble stays small."""

from __future__ import annotations

import threading
import uuid
from datetime import timedelta

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.utils import timezone

from practice import clocks, gateways, heartbeat, outbox_folder, sending
from practice.gateways import LineDown, Refused, TryAgain
from practice.models import Heartbeat, Message
from practice.models.message import Channel
from tests import cast
from tests.practice.messaging import DAYTIME, Scripted, booked, consent, letters, many, send


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
