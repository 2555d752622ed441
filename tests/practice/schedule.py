"""What the tests of booking share: a Sunday evening in March 2027 and the Tuesday after it, holds, contacts."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

import pytest
import time_machine

from practice import confirming, holding
from practice.confirming import Contact
from practice.models import Appointment, Modality

NOW = datetime(2027, 3, 1, 4, 0, tzinfo=UTC)  # Sunday evening at the clinic
TUESDAY_NINE = datetime(2027, 3, 9, 17, 0, tzinfo=UTC)  # 9 am at the clinic, more than a week away


@pytest.fixture
def frozen():
    """The clock stands still on a Sunday evening and moves by ``frozen.shift``."""
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


def contact(email: str, name: str = "Rosa Meier", phone: str = "", **fields) -> Contact:
    return Contact(name=name, email=email, phone=phone, **fields)


def held(clinic, therapist, starts_at: datetime, session_key: str = "", **how) -> Appointment:
    how = {"modality": Modality.VIDEO, "type": clinic.consultation, "location": clinic.location} | how
    key = session_key or uuid.uuid4().hex
    return holding.hold(
        therapist=therapist.therapist, starts_at=starts_at, session_key=key, address=how.pop("address", key), **how
    )


def confirmed(clinic, therapist, starts_at: datetime, who: Contact, **how) -> Appointment:
    held_time = held(clinic, therapist, starts_at, **how)
    return confirming.confirm_hold(hold=held_time, token=uuid.uuid4(), contact=who)
