"""The week as the front desk sees it: rows of therapists or rooms, columns of days, visits in time order.

The grid is made of plain values; two queries for any number of people and visits.
A visit stands on its local date at its own location, never on the UTC date of its instant (architecture.md 5).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, Q
from django.db.models.functions import JSONObject
from django.utils import timezone
from django.utils.translation import gettext as _

from practice.models import Appointment, AppointmentType, Modality, Room, Status, Therapist, TimeOff, User, WorkingHours
from practice.models.booking import CANCELLED

# Status -> (class of the chip, icon). A word always stands beside the colour (design.md 2.7).
LOOKS: dict[str, tuple[str, str]] = {
    Status.HELD: ("appt-held", "clock"),
    Status.REQUESTED: ("appt-held", "clock"),
    Status.BOOKED: ("", ""),
    Status.CONFIRMED: ("", "check"),
    Status.ARRIVED: ("appt-in", "door"),
    Status.ATTENDED: ("appt-over", "check"),
    Status.NO_SHOW: ("appt-missed", "cross"),
    Status.CANCELLED_LATE: ("appt-gone", "cross"),
    Status.CANCELLED_EARLY: ("appt-gone", "cross"),
    Status.CANCELLED_BY_PRACTICE: ("appt-gone", "cross"),
}


@dataclass(frozen=True, slots=True)
class Visit:
    """One chip of the calendar. ``starts`` and ``ends`` are local wall-clock times of the visit's location."""

    pk: int
    therapist_id: int
    room_id: int | None
    day: date
    starts: time
    ends: time
    name: str
    status: str
    look: str
    icon: str
    place: str
    is_first: bool
    zone: str

    @property
    def clock(self) -> str:
        """The start as calendars print it; staff read 24 hours."""
        return f"{self.starts.hour}:{self.starts:%M}"

    @property
    def word(self) -> str:
        return _("free talk") if self.is_first and not self.icon else str(Status(self.status).label).lower()


@dataclass(slots=True)
class Cell:
    """One day of one row: its visits, or the reason why there are none."""

    day: date
    visits: list[Visit] = field(default_factory=list)
    off: str = ""


@dataclass(slots=True)
class Row:
    pk: int
    name: str
    small: str
    cells: list[Cell]
    zones: set[str] = field(default_factory=set)  # whose clocks its hours and visits follow

    @property
    def clocks(self) -> list[str]:
        return sorted(self.zones | {visit.zone for cell in self.cells for visit in cell.visits})


@dataclass(slots=True)
class Week:
    """The grid of ``days`` with one row per therapist or room and the number of living visits per day."""

    days: list[date]
    rows: list[Row]
    booked: list[int]

    @property
    def columns(self) -> list[tuple[date, int]]:
        return list(zip(self.days, self.booked, strict=True))


@lru_cache(maxsize=64)
def zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def monday_of(day: date) -> date:
    return day - timedelta(days=day.weekday())


def week(
    days: list[date], *, by_room: bool = False, location_id: int | None = None, therapist_user: User | None = None
) -> Week:
    """The calendar of ``days`` (local dates), rows by therapist or by room; two queries.

    ``therapist_user`` limits it to one clinician's own visits, ``location_id`` to one location.
    """
    visits = visits_of(days, location_id, therapist_user)
    by_cell: dict[tuple[int | None, date], list[Visit]] = defaultdict(list)
    for each in visits:
        by_cell[each.room_id if by_room else each.therapist_id, each.day].append(each)
    rows = room_rows(days, location_id) if by_room else therapist_rows(days, location_id, therapist_user)
    for row in rows:
        for cell in row.cells:
            cell.visits = by_cell.get((row.pk, cell.day), [])
    rows += rows_without_hours(days, by_cell, {row.pk for row in rows}, by_room=by_room)
    counted = Counter(each.day for each in visits if each.status not in (*CANCELLED, Status.HELD))
    return Week(days, rows, [counted[day] for day in days])


def rows_without_hours(days: list[date], by_cell, known: set[int], *, by_room: bool) -> list[Row]:
    """Rows for those who have visits but no row of their own: away for good, elsewhere today, a closed room.

    No query where there are none. A visit without a room has no row among the rooms; it is nobody's door.
    """
    missing = {pk for pk, _day in by_cell if pk is not None} - known
    if not missing:
        return []
    model, name = (Room, "name") if by_room else (Therapist, "user__name")
    found = model.objects.filter(pk__in=missing).order_by(name, "pk").values_list("pk", name)
    return [
        Row(pk, called, _("No hours here"), [Cell(day, by_cell.get((pk, day), [])) for day in days])
        for pk, called in found
    ]


def visits_of(days: list[date], location_id: int | None, therapist_user: User | None) -> list[Visit]:
    """Every visit whose local date is one of ``days``, in time order; one query bounded by start."""
    # Zones reach from UTC-12 to UTC+14: the window holds every local instant of the days, Python keeps the exact ones.
    first = datetime.combine(days[0], time(), UTC) - timedelta(hours=14)
    last = datetime.combine(days[-1], time(), UTC) + timedelta(hours=36)
    rows = Appointment.objects.filter(starts_at__gte=first, starts_at__lt=last).exclude(
        Q(status=Status.EXPIRED) | Q(status=Status.HELD, held_until__lte=timezone.now())
    )
    if location_id:
        rows = rows.filter(location_id=location_id)
    if therapist_user:
        rows = rows.filter(therapist__user=therapist_user)
    wanted = set(days)
    values = rows.order_by("starts_at", "pk").values_list(
        "pk",
        "therapist_id",
        "room_id",
        "starts_at",
        "ends_at",
        "zone",
        "status",
        "modality",
        "type__code",
        "patient__first_name",
        "patient__name_to_use",
        "patient__last_name",
        "room__name",
    )
    found = (visit(*value) for value in values)
    return [each for each in found if each.day in wanted]


def visit(
    pk, therapist_id, room_id, starts_at, ends_at, zone_name, status, modality, code, first, used, last, room
) -> Visit:
    """A chip out of the columns of one appointment row."""
    here = zone(zone_name)
    starts, ends = starts_at.astimezone(here), ends_at.astimezone(here)
    look, icon = LOOKS[status]
    is_first = code == AppointmentType.Code.CONSULT_FREE
    given = used or first or ""
    return Visit(
        pk=pk,
        therapist_id=therapist_id,
        room_id=room_id,
        day=starts.date(),
        starts=starts.time(),
        ends=ends.time(),
        name=(f"{last} {given[:1]}" if last else given) or _("held"),
        status=status,
        look="appt-first" if is_first and not look else look,
        icon="people" if is_first and not icon else icon,
        place=room or str(Modality(modality).label),
        is_first=is_first,
        zone=zone_name,
    )


def therapist_rows(days: list[date], location_id: int | None, therapist_user: User | None) -> list[Row]:
    """One row per therapist and why a day is off; one query for people, hours and time off."""
    hours = WorkingHours.objects.filter(therapist=OuterRef("pk")).filter(
        Q(valid_until__isnull=True) | Q(valid_until__gte=days[0]), valid_from__lte=days[-1]
    )
    if location_id:
        hours = hours.filter(location_id=location_id)
    off = TimeOff.objects.filter(
        therapist=OuterRef("pk"),
        starts_at__lt=datetime.combine(days[-1], time(), UTC) + timedelta(hours=36),
        ends_at__gt=datetime.combine(days[0], time(), UTC) - timedelta(hours=14),
    )
    people = Therapist.objects.filter(user__is_active=True)
    if therapist_user:
        people = people.filter(user=therapist_user)
    rows = people.order_by("sort_key", "pk").values_list(
        "pk",
        "user__name",
        "user__time_zone",
        ArraySubquery(
            hours.values(
                data=JSONObject(
                    day="weekday",
                    since="valid_from",
                    until="valid_until",
                    modalities="modalities",
                    zone="location__zone",
                )
            )
        ),
        ArraySubquery(off.values(data=JSONObject(since="starts_at", until="ends_at", label="label"))),
    )
    return [therapist_row(days, *row) for row in rows if row[3] or not location_id]


def therapist_row(days: list[date], pk: int, name: str, zone_name: str, hours: list[dict], off: list[dict]) -> Row:
    modalities = {modality for stretch in hours for modality in stretch["modalities"]}
    small = "" if Modality.IN_PERSON in modalities or not modalities else _("Video and phone")
    cells = [Cell(day, off=reason_off(day, zone(zone_name), hours, off)) for day in days]
    return Row(pk, name, small, cells, {stretch["zone"] for stretch in hours})


def reason_off(day: date, here: ZoneInfo, hours: Iterable[dict], off: Iterable[dict]) -> str:
    """Why a therapist offers nothing on ``day``: time off over its noon, or no hours; empty if there are hours."""
    noon = datetime.combine(day, time(12), here)
    for stretch in off:
        if datetime.fromisoformat(stretch["since"]) <= noon < datetime.fromisoformat(stretch["until"]):
            return stretch["label"] or _("Time off")
    text = day.isoformat()
    works = any(
        stretch["day"] == day.weekday()
        and stretch["since"] <= text
        and (stretch["until"] is None or text <= stretch["until"])
        for stretch in hours
    )
    return "" if works else _("No hours")


def room_rows(days: list[date], location_id: int | None) -> list[Row]:
    """One row per open room; one query."""
    rooms = Room.objects.filter(is_open=True).order_by("location__name", "name", "pk")
    if location_id:
        rooms = rooms.filter(location_id=location_id)
    values = rooms.values_list("pk", "name", "location__name", "location__zone")
    return [Row(pk, name, location, [Cell(day) for day in days], {here}) for pk, name, location, here in values]
