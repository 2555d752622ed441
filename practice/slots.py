"""Free times, as arithmetic: working hours - time off - holidays - taken - buffers = starts one may book.

Nothing here knows a database, a request or the clock; availability.py brings the facts and says what time it is.
Instants are whole seconds since 1970 (UTC) inside, aware datetimes at the edge; spans are half open.

Working hours are wall time, expanded date by date in the location's zone (architecture.md 5): a local time that does
not exist on its date is dropped, one that comes twice is offered once, at its first coming.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from operator import itemgetter
from zoneinfo import ZoneInfo

Span = tuple[int, int]
DAY = 86_400


@dataclass(frozen=True, slots=True)
class Hours:
    """A weekly stretch at a location: ``starts`` and ``ends`` are minutes after local midnight, dates are included.

    ``in_room``: visits in it need a room of the location.
    """

    therapist_id: int
    location_id: int
    zone: str
    weekday: int
    starts: int
    ends: int
    valid_from: date
    valid_until: date | None = None
    in_room: bool = False


@dataclass(frozen=True, slots=True)
class Rules:
    """What an appointment type asks of a time, in seconds."""

    length: int
    before: int = 0
    after: int = 0
    step: int = 1_200
    lead: int = 0
    horizon: int = 42 * DAY


class Busy:
    """Spans that are gone, merged, so that one look answers "does anything overlap?"."""

    __slots__ = ("begins", "ends")

    def __init__(self, spans: Iterable[Span] = ()) -> None:
        self.begins: list[int] = []
        self.ends: list[int] = []
        for begins, ends in sorted(spans):
            if self.ends and begins <= self.ends[-1]:
                self.ends[-1] = max(self.ends[-1], ends)
            else:
                self.begins.append(begins)
                self.ends.append(ends)

    def overlaps(self, begins: int, ends: int) -> bool:
        """Whether [begins, ends) meets any span; spans that only touch do not."""
        place = bisect_right(self.ends, begins)
        return place < len(self.begins) and self.begins[place] < ends


NEVER = Busy()


@dataclass(slots=True)
class Taken:
    """What is gone: guards by therapist and by room, and closed stretches by therapist and by location.

    Guards (visit and buffers) must not meet the new visit's guard; closed stretches must not meet the visit itself, for
    buffers may lie outside working hours. ``rooms`` are the open rooms of each location.
    """

    therapists: Mapping[int, Busy] = field(default_factory=dict)
    rooms_taken: Mapping[int, Busy] = field(default_factory=dict)
    off: Mapping[int, Busy] = field(default_factory=dict)
    closed: Mapping[int, Busy] = field(default_factory=dict)
    rooms: Mapping[int, Sequence[int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, order=True)
class Slot:
    """One free start. Slots sort by time, then therapist."""

    starts_at: datetime
    therapist_id: int
    location_id: int
    ends_at: datetime


def first_instant(day: date, minute: int, zone: ZoneInfo) -> int | None:
    """The instant at which the wall of ``zone`` first shows ``minute`` of ``day``; None where it never does."""
    wall = datetime.combine(day, datetime.min.time()) + timedelta(minutes=minute)
    instant = wall.replace(tzinfo=zone).astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None) != wall:
        return None
    return int(instant.timestamp())


def last_instant(day: date, minute: int, zone: ZoneInfo) -> int:
    """Like first_instant for the edge of a stretch; an edge inside a skipped hour is the jump itself."""
    found = first_instant(day, minute, zone)
    if found is not None:
        return found
    while found is None:
        minute -= 1
        found = first_instant(day, minute, zone)
    return found + 60


@lru_cache(maxsize=16_384)
def starts_on(hours: Hours, day: date, length: int, step: int) -> tuple[int, ...]:
    """Every start of a visit of ``length`` seconds on the local date ``day``, every ``step`` seconds of wall time.

    Pure, so its answers are kept: hours change seldom, pages ask often.
    """
    if day.weekday() != hours.weekday or day < hours.valid_from:
        return ()
    if hours.valid_until is not None and day > hours.valid_until:
        return ()
    zone = ZoneInfo(hours.zone)
    over = last_instant(day, hours.ends, zone)
    walls = range(hours.starts, hours.ends, max(1, step // 60))
    instants = (first_instant(day, minute, zone) for minute in walls)
    return tuple(start for start in instants if start is not None and start + length <= over)


@lru_cache(maxsize=4_096)
def local_dates(zone: str, since: int, until: int) -> tuple[tuple[date, int], ...]:
    """The local dates of ``zone`` that [since, until] touches, each with its weekday (0 is Monday)."""
    here = ZoneInfo(zone)
    first, last = datetime.fromtimestamp(since, here).date(), datetime.fromtimestamp(until, here).date()
    days = (first + timedelta(days=number) for number in range((last - first).days + 1))
    return tuple((day, day.weekday()) for day in days)


def local_midnight(day: date, zone: str) -> int:
    """The instant at which ``day`` begins in ``zone``; where midnight is skipped, the first instant of the date."""
    here = ZoneInfo(zone)
    for minute in range(1_440):
        instant = first_instant(day, minute, here)
        if instant is not None:
            return instant
    raise ValueError(f"{day} does not exist in {zone}")


def candidates(hours: Iterable[Hours], rules: Rules, *, since: int, until: int) -> list[tuple[int, int, Hours]]:
    """(start, therapist, hours) of every start inside hours with since <= start < until, by time, whatever is taken."""
    # Whole hours of slack only keep the spans few for the caches; the comparison below is exact.
    begin, end = since - since % 3_600, until - until % -3_600
    length, step = rules.length, rules.step
    found = [
        (start, stretch.therapist_id, stretch)
        for stretch in hours
        for day, weekday in local_dates(stretch.zone, begin, end)
        if weekday == stretch.weekday
        for start in starts_on(stretch, day, length, step)
        if since <= start < until
    ]
    found.sort(key=itemgetter(0, 1))
    return found


def free(
    hours: Iterable[Hours], taken: Taken, rules: Rules, *, since: int, until: int, limit: int | None = None
) -> list[Slot]:
    """The free starts with since <= start < until, by time, at most ``limit``; one per therapist and instant."""
    return free_among(candidates(hours, rules, since=since, until=until), taken, rules, limit=limit)


def free_among(
    wanted: Iterable[tuple[int, int, Hours]], taken: Taken, rules: Rules, *, limit: int | None = None
) -> list[Slot]:
    """Those of the ``wanted`` candidates that are free, in their order."""
    found: list[Slot] = []
    seen: set[tuple[int, int]] = set()
    for start, therapist_id, stretch in wanted:
        if limit is not None and len(found) >= limit:
            break
        if (start, therapist_id) in seen or not is_free(start, stretch, taken, rules):
            continue
        seen.add((start, therapist_id))
        starts_at = datetime.fromtimestamp(start, UTC)
        found.append(Slot(starts_at, therapist_id, stretch.location_id, starts_at + timedelta(seconds=rules.length)))
    return found


def is_free(start: int, stretch: Hours, taken: Taken, rules: Rules) -> bool:
    """Whether the therapist, and a room where one is needed, have the guard of a visit at ``start`` to give."""
    begins, ends = start - rules.before, start + rules.length + rules.after
    if taken.therapists.get(stretch.therapist_id, NEVER).overlaps(begins, ends):
        return False
    if taken.off.get(stretch.therapist_id, NEVER).overlaps(start, start + rules.length):
        return False
    if taken.closed.get(stretch.location_id, NEVER).overlaps(start, start + rules.length):
        return False
    if not stretch.in_room:
        return True
    rooms = taken.rooms.get(stretch.location_id, ())
    return any(not taken.rooms_taken.get(room, NEVER).overlaps(begins, ends) for room in rooms)


def covers(hours: Iterable[Hours], *, starts: int, ends: int) -> bool:
    """Whether [starts, ends) lies inside one stretch of hours: what staff are warned about, whatever the grid."""
    for stretch in hours:
        zone = ZoneInfo(stretch.zone)
        for day, weekday in local_dates(stretch.zone, starts, ends):
            expired = stretch.valid_until is not None and day > stretch.valid_until
            if weekday != stretch.weekday or day < stretch.valid_from or expired:
                continue
            # A stretch that would begin inside a skipped hour begins where the clock jumps to.
            begins = last_instant(day, stretch.starts, zone)
            if begins <= starts and ends <= last_instant(day, stretch.ends, zone):
                return True
    return False


def by_local_date(found: Iterable[Slot], zone: str) -> dict[date, list[Slot]]:
    """The slots of each local date of ``zone``, in time order."""
    here = ZoneInfo(zone)
    days: dict[date, list[Slot]] = {}
    for slot in found:
        days.setdefault(slot.starts_at.astimezone(here).date(), []).append(slot)
    return days
