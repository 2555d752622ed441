"""Somebody else has the row or the lock: what the pages answer, and what is never deleted or overlapped."""

import uuid
from datetime import timedelta

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from practice import confirming, holding, locking, manage_links
from practice.models import Appointment, AuditEvent, Status
from tests import cast
from tests.practice.schedule import contact
from tests.waiting import PATIENCE, beside

DAY = timedelta(days=1)


@pytest.fixture
def people(committed_db):
    return cast.everyone()


def talk(people, starts_in: timedelta = 7 * DAY) -> Appointment:
    """A free talk of somebody new, with its private link."""
    starts_at = timezone.now().replace(minute=0, second=0, microsecond=0) + starts_in
    person = cast.patient_of(None, "Noa", "Brandt", email="noa@example.org", status="prospect")
    row = cast.appointment(
        therapist=people.therapist.therapist, patient=person, starts_at=starts_at, type=cast.clinic().consultation
    )
    manage_links.make(row)
    return row


def kept(row: Appointment) -> None:
    Appointment.objects.select_for_update().get(pk=row.pk)


# -- Pages ---------------------------------------------------------------------------------------------------------
@pytest.fixture
def impatient(monkeypatch):
    """Nobody waits longer than a moment, or the tests would."""
    monkeypatch.setattr(locking, "PATIENCE", "100ms")


@pytest.mark.parametrize("name", ["cancel", "confirm", "move"])
def test_a_link_that_meets_a_locked_row_is_answered_clearly_and_can_be_sent_again(people, impatient, name, monkeypatch):
    row = talk(people)
    client = Client()
    client.get(manage_links.url_for(row).removeprefix(settings.PUBLIC_URL))
    wanted = client.get(reverse("practice:manage-move", args=[row.uid])).context["picker"].parts[0].times[0].value
    with beside() as other:
        first, let_go = other.keep(kept, row)
        answer = client.post(reverse(f"practice:manage-{name}", args=[row.uid]), {"revision": 0, "starts": wanted})
        assert answer.status_code == 409
        assert f'value="{row.revision}"' in answer.text
        let_go()
        first.result(PATIENCE)
    row.refresh_from_db()
    assert (row.status, row.revision) == (Status.BOOKED, 0)
    again = client.post(reverse(f"practice:manage-{name}", args=[row.uid]), {"revision": 0, "starts": wanted})
    assert again.status_code == 302


@pytest.mark.parametrize("name", ["cancel", "arrive", "attend", "miss"])
def test_the_desk_that_meets_a_locked_row_is_told_in_words(people, impatient, as_, name):
    row = talk(people, DAY / 24 if name == "cancel" else -DAY / 24)
    client = as_(people.front_desk)
    with beside() as other:
        first, let_go = other.keep(kept, row)
        answer = client.post(
            reverse(f"practice:appointment-{name}", args=[row.pk]), {"by_practice": "no", "revision": 0}, follow=True
        )
        assert answer.status_code == 200
        assert "Please try again." in answer.text
        let_go()
        first.result(PATIENCE)
    row.refresh_from_db()
    assert row.status == Status.BOOKED
    assert not AuditEvent.objects.filter(action__in=["cancel", "attendance"]).exists()


# -- Holds ---------------------------------------------------------------------------------------------------------
def old_hold(people) -> Appointment:
    """A hold that ran out two hours ago and whose owner still looks at the form."""
    row = talk(people)
    now = timezone.now()
    Appointment.objects.filter(pk=row.pk).update(
        status=Status.HELD, patient=None, hold_key="mine", held_until=now - DAY / 12, created_at=now
    )
    row.manage_link.delete()
    return Appointment.objects.get(pk=row.pk)


def test_a_hold_that_is_booked_while_old_ones_are_swept_stays_booked(people):
    row = old_hold(people)
    with beside() as other:
        first, let_go = other.keep(
            confirming.confirm_hold, hold=row, token=uuid.uuid4(), contact=contact("rosa@example.org")
        )
        sweep = other.begin_and_wait(holding.expire_holds)
        let_go()
        first.result(PATIENCE)
        assert sweep.result(PATIENCE) == 0
    row.refresh_from_db()
    assert row.status == Status.BOOKED


def test_a_hold_that_is_kept_while_old_ones_are_swept_stays_held(people):
    row = old_hold(people)
    with beside() as other:
        first, let_go = other.keep(holding.extend_hold, session_key="mine")
        sweep = other.begin_and_wait(holding.expire_holds)
        let_go()
        first.result(PATIENCE)
        assert sweep.result(PATIENCE) == 0
    assert Appointment.objects.filter(pk=row.pk, status=Status.HELD).exists()


def test_a_hold_that_is_booked_while_it_is_given_back_stays_booked(people):
    row = old_hold(people)
    with beside() as other:
        first, let_go = other.keep(
            confirming.confirm_hold, hold=row, token=uuid.uuid4(), contact=contact("rosa@example.org")
        )
        release = other.begin_and_wait(holding.release_hold, session_key="mine")
        let_go()
        first.result(PATIENCE)
        release.result(PATIENCE)
    row.refresh_from_db()
    assert row.status == Status.BOOKED
