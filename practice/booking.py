"""Booking: how a time becomes an appointment, whoever asks (architecture.md 6).

Every path that takes time goes through ``place`` in this module or ``move`` in changing.py: locks in a fixed order,
then a look, then the write; the exclusion constraints have the last word. holding.py holds a time while a visitor
types.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from psycopg.types.range import TimestamptzRange

from practice import audit, availability, care, locking, manage_links, messages, slots
from practice.action import action
from practice.locking import RoomTaken, SlotTaken, one_winner
from practice.models import Appointment, AppointmentType, Location, Modality, Patient, Room, Status, Therapist, User
from practice.models.booking import LIVING

__all__ = ["LimitReached", "NotOffered", "OutsideHours", "RecordGone", "SlotTaken", "TokenReused", "book"]


class NotOffered(SlotTaken):
    """The public schedule has no such start: outside hours, too soon, too far, not on the grid, or gone already."""


class OutsideHours(Exception):
    """Staff chose a time outside working hours or in time off; they may insist with ``outside_hours=True``."""


class LimitReached(Exception):
    """This person has booked as much as the type allows. The only answer is "please call us"."""


class TokenReused(Exception):
    """A form's token came back with other contents."""


class RecordGone(Exception):
    """The patient's record was joined into another one of the same person, or erased, a moment ago."""


@dataclass(frozen=True, slots=True)
class Times:
    """The visit and its guard of one start."""

    starts_at: datetime
    ends_at: datetime
    guard: TimestamptzRange

    @classmethod
    def of(cls, type: AppointmentType, starts_at: datetime, length: timedelta | None = None) -> Times:
        """Raises ValueError for a naive time and for a guard longer than the search for free times looks."""
        if timezone.is_naive(starts_at):
            raise ValueError("A start needs a time zone.")
        starts_at = starts_at.astimezone(UTC)
        ends_at = starts_at + (length or type.length)
        guard = TimestamptzRange(starts_at - type.buffer_before, ends_at + type.buffer_after, "[)")
        if guard.upper - guard.lower > availability.LONGEST_GUARD:
            raise ValueError(f"{type} is longer than {availability.LONGEST_GUARD} with its buffers.")
        return cls(starts_at, ends_at, guard)


def book(
    *,
    by: User | None,
    therapist: Therapist,
    patient: Patient,
    type: AppointmentType,
    modality: str,
    location: Location,
    starts_at: datetime,
    room: Room | None = None,
    token: UUID | None = None,
    outside_hours: bool = False,
    staff_note: str = "",
    price_cents: int | None = None,
) -> Appointment:
    """Book a visit for a patient; the appointment, with its messages planned and its manage link made.

    A visit in person needs a room; without ``room`` any open and free one of the location, one try per transaction.
    Staff are held to working hours unless ``outside_hours``, everybody else also to the public grid and lead time.
    The same ``token`` twice is one booking. Raises SlotTaken, NotOffered, OutsideHours, TokenReused,
    RecordGone.
    """
    times = Times.of(type, starts_at)
    wish = {
        "therapist": therapist,
        "patient": patient,
        "type": type,
        "modality": modality,
        "location": location,
        "staff_note": staff_note,
        "price_cents": type.price_cents if price_cents is None else price_cents,
    }
    body = body_hash(wish | {"starts_at": times.starts_at, "room": room})
    if token and (known := by_token(token, body)):
        return known
    require_hours(by, therapist, type, modality, location, times, outside_hours=outside_hours)
    for candidate in rooms_to_try(type, modality, location, room, times):
        try:
            return place(by=by, wish=wish, times=times, room=candidate, token=token, body=body)
        except RoomTaken:
            continue
        except IntegrityError:
            if token and (known := by_token(token, body)):
                return known
            raise
    raise SlotTaken


@one_winner
@action
def place(
    *, by: User | None, wish: dict[str, Any], times: Times, room: Room | None, token: UUID | None, body: bytes
) -> Appointment:
    """One try in one transaction: lock, look, write."""
    therapist, patient, location = wish["therapist"], wish["patient"], wish["location"]
    locking.lock(
        therapists=[therapist.pk],
        people=[locking.patient_name(patient.pk)],
        locations=[location.pk] if room else [],
    )
    if token and (known := by_token(token, body)):
        return known
    if not Patient.objects.filter(pk=patient.pk).exclude(status=Patient.Status.MERGED).exists():
        raise RecordGone
    clear_the_way(therapist_id=therapist.pk, room_id=room.pk if room else None, patient_id=patient.pk, times=times)
    appointment = Appointment.objects.create(
        **wish,
        room=room,
        status=Status.BOOKED,
        starts_at=times.starts_at,
        ends_at=times.ends_at,
        guard=times.guard,
        zone=location.zone,
        token=token,
        token_body=body if token else None,
        booked_by=by,
    )
    settle(by=by, appointment=appointment)
    return appointment


def settle(*, by: User | None, appointment: Appointment, is_first_visit: bool = False) -> None:
    """What every new booking brings, in its transaction: care, the manage link, messages, the audit row.

    ``is_first_visit``: the patient's row was made a moment ago, so nobody can be assigned yet.
    """
    if appointment.type.code == AppointmentType.Code.CONSULT_FREE:
        care.begin_by_consultation(by=by, appointment=appointment, is_first_visit=is_first_visit)
    manage_links.make(appointment)
    messages.appointment_booked(appointment)
    audit.record(by=by, action=audit.Action.BOOK, obj=appointment, patient=appointment.patient_id)


# -- Looking ---------------------------------------------------------------------------------------------------------
def clear_the_way(
    *,
    therapist_id: int,
    room_id: int | None,
    patient_id: int | None,
    times: Times,
    but: int | None = None,
) -> None:
    """Under the locks: release expired holds that overlap, and raise SlotTaken or RoomTaken for anything that lives.

    ``but`` is the id of an appointment that may be overlapped: the one that moves.
    """
    now = timezone.now()
    beyond = availability.LONGEST_GUARD
    near = Q(starts_at__gt=times.guard.lower - beyond, starts_at__lt=times.guard.upper + beyond)
    owners = Q(therapist=therapist_id, guard__overlap=times.guard)
    if room_id:
        owners |= Q(room=room_id, guard__overlap=times.guard)
    if patient_id:
        owners |= Q(patient=patient_id, starts_at__lt=times.ends_at, ends_at__gt=times.starts_at)
    rows = Appointment.objects.filter(near, owners, status__in=LIVING).exclude(pk=but)
    stale: list[int] = []
    lost: list[type[SlotTaken]] = []
    for pk, status, held_until, whose, who in rows.values_list("pk", "status", "held_until", "therapist", "patient"):
        if status == Status.HELD and held_until <= now:
            stale.append(pk)
        elif whose == therapist_id or (patient_id and who == patient_id):
            lost.append(SlotTaken)
        else:
            lost.append(RoomTaken)
    if lost:
        raise SlotTaken if SlotTaken in lost else RoomTaken
    if stale and release_expired(Appointment.objects.filter(pk__in=stale)) < len(stale):
        raise SlotTaken  # its owner kept or confirmed it in the moment between


def own_visit(*, patient: Patient, therapist: Therapist, times: Times, but: int | None = None) -> Appointment | None:
    """The visit with which this very patient stands in the way of a booking; to say after a lost race who was first.

    ``but`` is the id of an appointment that does not count: the one that moves.
    """
    beyond = availability.LONGEST_GUARD
    near = Q(starts_at__gt=times.guard.lower - beyond, starts_at__lt=times.guard.upper + beyond)
    then = Q(starts_at__lt=times.ends_at, ends_at__gt=times.starts_at)
    then |= Q(therapist=therapist, guard__overlap=times.guard)
    rows = Appointment.objects.living().exclude(Q(status=Status.HELD) | Q(pk=but))
    return rows.filter(near, then, patient=patient).select_related("therapist__user").order_by("starts_at").first()


def release_expired(holds: QuerySet[Appointment]) -> int:
    """Delete those of ``holds`` that are still holds and have run out; how many. Call it in a transaction.

    The rows are locked first: Django collects ids before it deletes, and an owner may keep or confirm a hold between.
    """
    over = holds.filter(status=Status.HELD, held_until__lte=timezone.now())
    locked = list(over.select_for_update(of=("self",)).order_by("pk").values_list("pk", flat=True))
    Appointment.objects.filter(pk__in=locked).delete()
    return len(locked)


def require_hours(
    by: User | None,
    therapist: Therapist,
    type: AppointmentType,
    modality: str,
    location: Location,
    times: Times,
    *,
    outside_hours: bool = False,
    moving: int | None = None,
    hold_key: str | None = None,
) -> None:
    """Raises NotOffered or OutsideHours where the therapist does not work then.

    Visitors and patients are bound to the letter of the public schedule; staff are asked to insist outside hours and in
    time off. A browser session that wants to hold (``hold_key``) finds listed therapists and public types only.
    """
    staff = by is not None and by.is_staff_member
    if staff and outside_hours:
        return
    whose = {"slug": therapist.slug} if hold_key is not None else {"therapist_id": therapist.pk}
    offered = availability.offer(code=type.code, modality=modality, **whose)
    if offered is None:
        raise NotOffered
    start, end = int(times.starts_at.timestamp()), int(times.ends_at.timestamp())
    now = timezone.now()
    if not staff:
        found = availability.free_between(offered, start, start + 1, now=now, moving=moving, hold_key=hold_key or "")
        if not any(slot.location_id == location.pk for slot in found):
            raise NotOffered
        return
    here = [stretch for stretch in offered.hours if stretch.location_id == location.pk]
    gone = availability.taken(offered, since=start, until=end, now=now, moving=moving)
    off = gone.off.get(therapist.pk, slots.NEVER).overlaps(start, end)
    closed = gone.closed.get(location.pk, slots.NEVER).overlaps(start, end)
    if off or closed or not slots.covers(here, starts=start, ends=end):
        raise OutsideHours


def rooms_to_try(
    type: AppointmentType,
    modality: str,
    location: Location,
    room: Room | None,
    times: Times,
    *,
    but: int | None = None,
    hold_key: str = "",
) -> Iterator[Room | None]:
    """The room asked for, or every open room of the location that looks free; None where the visit needs none."""
    if modality != Modality.IN_PERSON or not type.needs_room:
        yield room
        return
    if room is not None:
        yield room
        return
    beyond = availability.LONGEST_GUARD
    visits = Appointment.objects.filter(
        room=OuterRef("pk"),
        status__in=LIVING,
        guard__overlap=times.guard,
        starts_at__gt=times.guard.lower - beyond,
        starts_at__lt=times.guard.upper + beyond,
    ).exclude(Q(status=Status.HELD) & (Q(held_until__lte=timezone.now()) | Q(hold_key=hold_key)) | Q(pk=but))
    yield from Room.objects.filter(~Exists(visits), location=location, is_open=True).order_by("name", "pk")


# -- The same form twice ---------------------------------------------------------------------------------------------
def body_hash(body: dict[str, Any]) -> bytes:
    """SHA-256 over what a form asks for; rows count by their id."""
    plain = {name: getattr(value, "pk", value) for name, value in body.items()}
    return hashlib.sha256(json.dumps(plain, sort_keys=True, default=str).encode()).digest()


def by_token(token: UUID, body: bytes) -> Appointment | None:
    """The appointment that this token has made already; TokenReused where it was made of something else."""
    known = Appointment.objects.filter(token=token).select_related("therapist__user", "patient", "type").first()
    return same_booking(known, body) if known else None


def same_booking(known: Appointment, body: bytes) -> Appointment:
    """``known`` if it was made of the same words; else TokenReused."""
    if bytes(known.token_body or b"") != body:
        raise TokenReused
    return known
