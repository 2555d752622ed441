"""What may happen to an appointment before the visit: moved, cancelled, brought back, confirmed (architecture.md 6).

A change of start, end, zone, place, modality or therapist and a cancellation raise ``revision``, the .ics SEQUENCE;
undoing one raises it again. A move keeps the row and its UID, takes no hold, and may overlap its own old time.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils import timezone

from practice import attending, audit, care, locking, messages
from practice.action import action
from practice.booking import SlotTaken, Times, clear_the_way, require_hours, rooms_to_try
from practice.locking import RoomTaken, one_winner
from practice.models import Appointment, AppointmentType, Location, Modality, Room, Status, Therapist, User
from practice.models.booking import CANCELLED, COMING

# What the patient is told about. A room is found at the door: changing it alone is no news.
RAISES_REVISION = ("starts_at", "ends_at", "zone", "location_id", "modality", "therapist_id")


class CannotChange(Exception):
    """The appointment is not one to come: it took place, was missed, or is cancelled."""


class TooLate(Exception):
    """The type's deadline has passed; from here on it is the telephone."""


class StaleVersion(Exception):
    """Somebody changed the appointment since this page was made."""


def move(
    *,
    by: User | None,
    appointment: Appointment,
    starts_at: datetime,
    therapist: Therapist | None = None,
    room: Room | None = None,
    location: Location | None = None,
    modality: str | None = None,
    outside_hours: bool = False,
    revision: int | None = None,
    undo_until: datetime | None = None,
) -> Appointment:
    """Give the appointment another time, and where named another therapist, place, room or way to meet.

    What is not named stays; the room may change where the old one is taken. Patients and visitors are bound to the
    public grid and the deadline, staff to working hours unless ``outside_hours``. ``revision``: the one the page
    showed. ``undo_until`` delays the news to the patient. Moving to where it is already changes nothing. Raises
    SlotTaken, NotOffered, OutsideHours, TooLate, CannotChange, StaleVersion.
    """
    therapist = therapist or appointment.therapist
    place = location or appointment.location
    way = modality or appointment.modality
    times = Times.of(appointment.type, starts_at, appointment.ends_at - appointment.starts_at)
    require_changeable(by, appointment, revision)
    require_hours(
        by,
        therapist,
        appointment.type,
        way,
        place,
        times,
        outside_hours=outside_hours,
        moving=appointment.pk,
    )
    kept = appointment.room if place == appointment.location else None
    for candidate in rooms_for_move(appointment.type, way, place, room, kept, times, appointment.pk):
        change = {"therapist": therapist, "location": place, "room": candidate, "modality": way, "zone": place.zone}
        try:
            return move_once(
                by=by, appointment=appointment, change=change, times=times, revision=revision, undo_until=undo_until
            )
        except RoomTaken:
            continue
    raise SlotTaken


def rooms_for_move(
    type: AppointmentType,
    modality: str,
    location: Location,
    asked: Room | None,
    kept: Room | None,
    times: Times,
    pk: int,
) -> list[Room | None]:
    """Rooms to try: the one asked for and no other; else the old one first, if it is among those that look free."""
    if modality != Modality.IN_PERSON or not type.needs_room:
        return [asked]
    found = list(rooms_to_try(type, modality, location, asked, times, but=pk))
    return sorted(found, key=lambda room: room != kept)


@one_winner
@action
def move_once(
    *,
    by: User | None,
    appointment: Appointment,
    change: dict[str, Any],
    times: Times,
    revision: int | None,
    undo_until: datetime | None,
) -> Appointment:
    room = change["room"]
    row = locked(appointment, therapist_id=change["therapist"].pk, location_id=change["location"].pk if room else None)
    require_changeable(by, row, revision)
    clear_the_way(
        therapist_id=change["therapist"].pk,
        room_id=room.pk if room else None,
        patient_id=row.patient_id,
        times=times,
        but=row.pk,
    )
    before, old_room = {name: getattr(row, name) for name in RAISES_REVISION}, row.room_id
    old_therapist = row.therapist
    for name, value in {**change, "starts_at": times.starts_at, "ends_at": times.ends_at, "guard": times.guard}.items():
        setattr(row, name, value)
    if before == {name: getattr(row, name) for name in RAISES_REVISION}:
        return row if row.room_id == old_room else change_room(by=by, row=row)
    row.revision += 1
    stays_confirmed = row.status == Status.CONFIRMED and is_own_move(by, row)
    row.status = Status.CONFIRMED if stays_confirmed else Status.BOOKED
    row.confirmed_at = timezone.now() if stays_confirmed else None
    row.save(update_fields=[*change, "starts_at", "ends_at", "guard", "revision", "status", "confirmed_at"])
    if row.type.code == AppointmentType.Code.CONSULT_FREE and old_therapist != row.therapist:
        care.begin_by_consultation(by=by, appointment=row)
        care.end_with_consultation(by=by, patient=row.patient, clinician=old_therapist.user)
    messages.appointment_moved(row, undo_until=undo_until)
    audit.record(by=by, action=audit.Action.MOVE, obj=row, patient=row.patient_id, detail={"revision": row.revision})
    return row


def is_own_move(by: User | None, row: Appointment) -> bool:
    """Whether the person of the visit moves it, signed in or by the private link: who said yes and then chose the new
    time comes to that too. A time the practice chose is asked about anew.
    """
    return by is None or by.pk == row.patient.user_id


def change_room(*, by: User | None, row: Appointment) -> Appointment:
    row.save(update_fields=["room"])
    audit.record(by=by, action=audit.Action.MOVE, obj=row, patient=row.patient_id, detail={"room": row.room_id})
    return row


def cancel(
    *,
    by: User | None,
    appointment: Appointment,
    reason: str = "",
    by_practice: bool = False,
    revision: int | None = None,
    undo_until: datetime | None = None,
) -> Appointment:
    """Cancel: ``by_practice`` for the practice's own reasons, else early or late by the type's deadline.

    The patient and whoever has the manage link may do so until the deadline; staff may record it at any time before the
    end of the visit. ``revision``: the one the page showed. Raises TooLate, CannotChange, StaleVersion, and SlotTaken
    where others kept the calendar locked for too long.
    """
    return cancel_once(
        by=by, appointment=appointment, reason=reason, by_practice=by_practice, revision=revision, undo_until=undo_until
    )


@one_winner
@action
def cancel_once(
    *,
    by: User | None,
    appointment: Appointment,
    reason: str,
    by_practice: bool,
    revision: int | None,
    undo_until: datetime | None,
) -> Appointment:
    row = locked(appointment)
    require_changeable(by, row, revision)
    now = timezone.now()
    if by_practice:
        row.status = Status.CANCELLED_BY_PRACTICE
    else:
        row.status = Status.CANCELLED_EARLY if now <= row.change_until else Status.CANCELLED_LATE
    row.cancelled_at, row.cancel_reason = now, reason
    row.revision += 1
    row.save(update_fields=["status", "cancelled_at", "cancel_reason", "revision"])
    if row.type.code == AppointmentType.Code.CONSULT_FREE:
        care.end_with_consultation(by=by, patient=row.patient, clinician=row.therapist.user)
    messages.appointment_cancelled(row, undo_until=undo_until)
    audit.record(by=by, action=audit.Action.CANCEL, obj=row, patient=row.patient_id, detail={"status": row.status})
    return row


def undo_cancel(*, by: User, appointment: Appointment) -> Appointment:
    """Bring a cancelled appointment back to its time if that is still free.

    Raises SlotTaken, CannotChange, and AttendanceFixed where a note about the cancellation must stay.
    """
    return undo_cancel_once(by=by, appointment=appointment)


@one_winner
@action
def undo_cancel_once(*, by: User, appointment: Appointment) -> Appointment:
    row = locked(appointment)
    if row.status not in CANCELLED or row.ends_at <= timezone.now():
        raise CannotChange
    attending.tell_undone(by=by, row=row)
    times = Times(row.starts_at, row.ends_at, row.guard)
    clear_the_way(
        therapist_id=row.therapist_id, room_id=row.room_id, patient_id=row.patient_id, times=times, but=row.pk
    )
    row.status = Status.CONFIRMED if row.confirmed_at else Status.BOOKED
    row.cancelled_at, row.cancel_reason = None, ""
    row.revision += 1
    row.save(update_fields=["status", "cancelled_at", "cancel_reason", "revision"])
    if row.type.code == AppointmentType.Code.CONSULT_FREE:
        care.begin_by_consultation(by=by, appointment=row)
    messages.appointment_moved(row)
    audit.record(by=by, action=audit.Action.BOOK, obj=row, patient=row.patient_id, detail={"undo": "cancel"})
    return row


def confirm_visit(*, by: User | None, appointment: Appointment, revision: int | None = None) -> Appointment:
    """The patient says: I will come. Possible until the visit begins, and harmless twice.

    ``revision``: the one the page showed; nobody says yes to a time that was not on the page. Raises CannotChange,
    StaleVersion, and SlotTaken where somebody else kept the row for too long.
    """
    return confirm_once(by=by, appointment=appointment, revision=revision)


@one_winner
@action
def confirm_once(*, by: User | None, appointment: Appointment, revision: int | None) -> Appointment:
    locking.lock(people=[locking.patient_name(appointment.patient_id)])
    row = Appointment.objects.select_for_update().get(pk=appointment.pk)
    if revision is not None and revision != row.revision:
        raise StaleVersion
    if row.status == Status.CONFIRMED:
        return row
    if row.status not in COMING or row.starts_at <= timezone.now():
        raise CannotChange
    row.status, row.confirmed_at = Status.CONFIRMED, timezone.now()
    row.save(update_fields=["status", "confirmed_at"])
    audit.record(by=by, action=audit.Action.CHANGE, obj=row, patient=row.patient_id, detail={"status": row.status})
    return row


# -- May anyone, in this state? ----------------------------------------------------------------------------------------
def locked(appointment: Appointment, *, therapist_id: int | None = None, location_id: int | None = None) -> Appointment:
    """Take the locks of the appointment as the caller knows it and of where it goes, then read the row anew.

    Raises StaleVersion where the visit belongs to another record by now: that person is not locked.
    """
    rooms = {location_id} | ({appointment.location_id} if appointment.room_id else set())
    locking.lock(
        therapists={appointment.therapist_id, therapist_id or appointment.therapist_id},
        people=[locking.patient_name(appointment.patient_id)],
        locations=rooms - {None},
    )
    rows = Appointment.objects.select_related("therapist__user", "patient", "type", "location", "room")
    row = rows.select_for_update(of=("self",)).get(pk=appointment.pk)
    if row.patient_id != appointment.patient_id:
        raise StaleVersion
    return row


def require_changeable(by: User | None, appointment: Appointment, revision: int | None = None) -> None:
    """Raises StaleVersion, CannotChange, or TooLate for whoever is not staff after the deadline."""
    if revision is not None and revision != appointment.revision:
        raise StaleVersion
    if not appointment.is_coming:
        raise CannotChange
    staff = by is not None and by.is_staff_member
    if not staff and timezone.now() > appointment.change_until:
        raise TooLate
