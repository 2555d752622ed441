"""Somebody who came for a free talk, from whom nothing followed."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from practice import confirming, holding
from practice.availability import first_free, offer
from practice.booking import Times
from practice.models import Appointment, Patient
from tests import cast
from tests.practice.schedule import contact

DAY = timedelta(days=1)
EMAIL, NUMBER, LAST = "somebody.new@example.org", "+15415550188", "Quillfeather"


def prospect_of(days: int, therapist, email: str = EMAIL, phone: str = NUMBER) -> Patient:
    """Somebody who booked a free talk on the website, which ended about ``days`` days ago."""
    place = cast.clinic()
    with time_machine.travel(timezone.now() - (days + 5) * DAY, tick=False):
        now = timezone.now()
        free = first_free(offer(slug=therapist.therapist.slug, modality="video"), 200, now=now)
        slot = next(slot for slot in free if slot.starts_at > now + 4 * DAY)
        held = holding.hold(
            therapist=therapist.therapist, type=place.consultation, modality="video", location=place.location,
            starts_at=slot.starts_at, session_key=uuid.uuid4().hex, address=email,
        )  # fmt: skip
        who = contact(email, f"Somebody {LAST}", phone, email_consent=True, sms_consent=True)
        booked = confirming.confirm_hold(hold=held, token=uuid.uuid4(), contact=who)
    start = booked.starts_at + (timezone.now() - days * DAY - booked.ends_at)  # to the minute, whatever the weekday
    times = Times.of(place.consultation, start)
    Appointment.objects.filter(pk=booked.pk).update(starts_at=times.starts_at, ends_at=times.ends_at, guard=times.guard)
    return booked.patient


@pytest.fixture
def prospect(clinic, therapist) -> Patient:
    return prospect_of(91, therapist)
