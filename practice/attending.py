"""What happened to a visit: the person arrived, attended or did not come, and the undo of each.

Each mark and its undo raises SlotTaken where somebody else kept the visit locked for too long; nothing was written.

Attendance reaches other apps by name: a module ``attendance.py`` in any app may have

* ``attended(*, by, appointment)``: called in the transaction of ``mark_attended``;
* ``attendance_undone(*, by, appointment)``: called in the transaction in which arrived, attended, did not come or a
  cancellation is taken back; raises AttendanceFixed where what followed must not be unmade, such as a signed note.
"""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

from django.apps import apps
from django.utils import timezone
from django.utils.translation import gettext as _

from practice import audit, locking
from practice.action import action
from practice.locking import one_winner
from practice.models import Appointment, Status, User
from practice.models.booking import COMING

EARLIEST_ARRIVAL = timedelta(hours=12)
OPEN = (*COMING, Status.ARRIVED)


class CannotMark(Exception):
    """The visit is not in a state in which this can be said of it; the text says why, for staff."""


class AttendanceFixed(CannotMark):
    """Something that must stay rests on the attendance, such as a signed note."""


@one_winner
@action
def mark_arrived(*, by: User, appointment: Appointment, late_minutes: int = 0) -> Appointment:
    """The person is here, ``late_minutes`` after the start. Raises CannotMark."""
    row = locked(appointment)
    if row.status not in COMING:
        raise CannotMark(_("This visit cannot be marked as arrived any more."))
    if row.starts_at - timezone.now() > EARLIEST_ARRIVAL:
        raise CannotMark(_("This visit is not today."))
    row.status, row.arrived_at, row.late_minutes = Status.ARRIVED, timezone.now(), late_minutes
    return saved(by, row, "status", "arrived_at", "late_minutes")


@one_winner
@action
def mark_late(*, by: User, appointment: Appointment, minutes: int) -> Appointment:
    """How many minutes late somebody came; late is not a state (clinical.md 4.6). Raises CannotMark."""
    row = locked(appointment)
    if row.status not in (Status.ARRIVED, Status.ATTENDED):
        raise CannotMark(_("Mark the person as arrived first."))
    row.late_minutes = minutes
    return saved(by, row, "late_minutes")


@one_winner
@action
def mark_attended(*, by: User, appointment: Appointment, short: bool = False) -> Appointment:
    """The visit took place; ``short`` for a contact under 16 minutes, which takes no number. Raises CannotMark."""
    row = locked(appointment)
    if row.status == Status.ATTENDED and row.attended_short == short:
        return row
    if row.status not in OPEN:
        raise CannotMark(_("This visit cannot be marked as attended."))
    if row.starts_at > timezone.now():
        raise CannotMark(_("This visit has not begun."))
    row.status, row.attended_short = Status.ATTENDED, short
    saved(by, row, "status", "attended_short")
    for module in attendance_modules():
        module.attended(by=by, appointment=row)
    return row


@action
def say_short(*, by: User, appointment: Appointment, short: bool) -> Appointment:
    """What is known of an attended visit afterwards: that it was under 16 minutes after all, or was not.

    Nothing changes where the mark says so already, and a visit that was not attended has none. Whoever has other locks
    on what followed from the visit takes that of :func:`hold_still` before them.
    """
    row = hold_still(appointment)
    if row.status != Status.ATTENDED or row.attended_short == short:
        return row
    row.attended_short = short
    return saved(by, row, "attended_short")


def hold_still(appointment: Appointment) -> Appointment:
    """The visit as it is now; nobody takes its attendance back before the transaction ends.

    Who looks on, or writes what points at the visit, does not wait for this.
    """
    return Appointment.objects.select_for_update(of=("self",), no_key=True).get(pk=appointment.pk)


@one_winner
@action
def mark_no_show(*, by: User, appointment: Appointment) -> Appointment:
    """The person did not come. Raises CannotMark."""
    row = locked(appointment)
    if row.status not in COMING:
        raise CannotMark(_("This visit cannot be marked as missed."))
    if row.starts_at > timezone.now():
        raise CannotMark(_("This visit has not begun."))
    row.status = Status.NO_SHOW
    return saved(by, row, "status")


@one_winner
@action
def undo_attendance(*, by: User, appointment: Appointment) -> Appointment:
    """Take back arrived, attended or did not come: one step. Raises CannotMark and, from an app, AttendanceFixed."""
    row = locked(appointment)
    if row.status not in (Status.ARRIVED, Status.ATTENDED, Status.NO_SHOW):
        raise CannotMark(_("There is nothing to undo."))
    tell_undone(by=by, row=row)
    if row.status == Status.ATTENDED:
        row.status, row.attended_short = Status.ARRIVED if row.arrived_at else before_arrival(row), False
    else:
        row.status, row.arrived_at, row.late_minutes = before_arrival(row), None, 0
    return saved(by, row, "status", "attended_short", "arrived_at", "late_minutes")


def tell_undone(*, by: User, row: Appointment) -> None:
    """Let every app unmake or keep what followed from where the visit stands. Raises AttendanceFixed."""
    for module in attendance_modules():
        module.attendance_undone(by=by, appointment=row)


def before_arrival(row: Appointment) -> Status:
    return Status.CONFIRMED if row.confirmed_at else Status.BOOKED


def locked(appointment: Appointment) -> Appointment:
    """The row as it is now, behind the patient's lock: what follows from attendance writes about the patient too."""
    locking.lock(people=[locking.patient_name(appointment.patient_id)])
    rows = Appointment.objects.select_related("therapist__user", "patient", "type", "location")
    return rows.select_for_update(of=("self",)).get(pk=appointment.pk)


def saved(by: User, row: Appointment, *fields: str) -> Appointment:
    row.save(update_fields=fields)
    audit.record(
        by=by, action=audit.Action.ATTENDANCE, obj=row, patient=row.patient_id, detail={"status": str(row.status)}
    )
    return row


@cache
def attendance_modules() -> tuple[ModuleType, ...]:
    names = [f"{config.name}.attendance" for config in apps.get_app_configs()]
    return tuple(import_module(name) for name in names if find_spec(name))
