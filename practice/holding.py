"""Holding a time while a visitor types (architecture.md 6); confirming.py makes an appointment of it.

A hold is a row of state ``held`` with an expiry: one live hold per browser session, at most five per address. Holds
write no history and no audit row: nothing about anybody is in them. Without a patient, released holds are deleted.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.utils import timezone
from django.utils.crypto import salted_hmac

from practice import locking
from practice.action import action
from practice.booking import (
    SlotTaken,
    Times,
    clear_the_way,
    release_expired,
    require_hours,
    rooms_to_try,
)
from practice.locking import RoomTaken, one_winner
from practice.models import Appointment, AppointmentType, Location, Room, Status, Therapist, User

HOLD = timedelta(minutes=10)
LONGEST_HOLD = timedelta(minutes=60)
HOLDS_PER_ADDRESS = 5


class TooManyHolds(SlotTaken):
    """This address holds as many times as it may."""


class HoldGone(SlotTaken):
    """The hold was released; the time may still be free."""


def hold(
    *,
    therapist: Therapist,
    type: AppointmentType,
    modality: str,
    location: Location,
    starts_at: datetime,
    session_key: str,
    address: str,
) -> Appointment:
    """Hold a public time for ten minutes for one browser session; a second press finds the same hold.

    A new hold releases the session's old one. Raises SlotTaken, NotOffered and TooManyHolds.
    """
    times = Times.of(type, starts_at)
    wish = {"therapist": therapist, "type": type, "modality": modality, "location": location}
    if known := same_hold(session_key, wish, times):
        return known
    require_hours(None, therapist, type, modality, location, times, hold_key=session_key)
    for room in rooms_to_try(type, modality, location, None, times, hold_key=session_key):
        try:
            return hold_once(
                by=None, wish=wish, times=times, room=room, session_key=session_key, address=hashed(address)
            )
        except RoomTaken:
            continue
    raise SlotTaken


@one_winner
@action
def hold_once(
    *, by: User | None, wish: dict[str, Any], times: Times, room: Room | None, session_key: str, address: str
) -> Appointment:
    therapist, location = wish["therapist"], wish["location"]
    locking.lock(
        therapists=[therapist.pk],
        people=[locking.session_name(session_key), locking.address_name(address)],
        locations=[location.pk] if room else [],
    )
    if known := same_hold(session_key, wish, times):
        return known
    holds_of(session_key).delete()
    others = Appointment.objects.filter(status=Status.HELD, hold_address=address, held_until__gt=timezone.now())
    if others.count() >= HOLDS_PER_ADDRESS:
        raise TooManyHolds
    clear_the_way(therapist_id=therapist.pk, room_id=room.pk if room else None, patient_id=None, times=times)
    now = timezone.now()
    return Appointment.objects.create(
        **wish,
        room=room,
        status=Status.HELD,
        starts_at=times.starts_at,
        ends_at=times.ends_at,
        guard=times.guard,
        zone=location.zone,
        price_cents=wish["type"].price_cents,
        hold_key=session_key,
        hold_address=address,
        held_until=now + HOLD,
        created_at=now,
    )


def holds_of(session_key: str):
    return Appointment.objects.filter(status=Status.HELD, hold_key=session_key)


def same_hold(session_key: str, wish: dict[str, Any], times: Times) -> Appointment | None:
    """The live hold this session already has on exactly this time."""
    return holds_of(session_key).filter(**wish, starts_at=times.starts_at, held_until__gt=timezone.now()).first()


@action
def extend_hold(*, by: User | None = None, hold: Appointment | None) -> Appointment:
    """Ten more minutes from now, up to an hour after the time was first held. Raises HoldGone, also where none is."""
    now = timezone.now()
    held = Appointment.objects.filter(pk=hold.pk, status=Status.HELD).select_for_update().first() if hold else None
    if held is None:
        raise HoldGone
    held.held_until = max(held.held_until, min(now + HOLD, held.created_at + LONGEST_HOLD))
    held.save(update_fields=["held_until"])
    return held


@action
def release_hold(*, by: User | None = None, hold: Appointment | None) -> None:
    """Give the time back; nothing to do where nothing is held, or where it was booked a moment ago."""
    held = Appointment.objects.filter(pk=hold.pk, status=Status.HELD).select_for_update().first() if hold else None
    if held is not None:
        held.delete()


@action
def expire_holds(*, by: User | None = None) -> int:
    """Delete holds that ran out an hour ago; younger ones leave when somebody books over them. Returns how many.

    One that its owner keeps or books at this very moment stays.
    """
    return release_expired(Appointment.objects.filter(held_until__lte=timezone.now() - timedelta(hours=1)))


def hashed(address: str) -> str:
    """An address is only counted, so only its keyed hash is kept."""
    return salted_hmac("evenkeel.hold-address", address, algorithm="sha256").hexdigest()


def find(*, session_key: str, token: str = "") -> Appointment | None:
    """The appointment that a form's ``token`` made already, else the session's hold, run out or not."""
    rows = Appointment.objects.select_related("therapist__user", "type", "location")
    made = Q(token=token) if is_uuid(token) else Q()
    mine = Q(status=Status.HELD, hold_key=session_key) if session_key else Q()
    if not made and not mine:
        return None
    found = sorted(rows.filter(made | mine), key=lambda row: row.token is None)  # two rows at most
    return found[0] if found else None


def is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def session_key_of(secret: str) -> str:
    """The name of a browser session in the table of holds: a hash, so that the table opens no session."""
    return hashlib.sha256(secret.encode()).hexdigest()
