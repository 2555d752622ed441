"""Which times are free: two queries bring the facts, slots.py does the arithmetic.

The first query reads what is offered (type, therapists, hours, rooms), the second what is gone in one bounded stretch
of time. Both are raw SQL, bound on the server and therefore planned once per connection: they are asked on every page
of the public schedule, and building them by the ORM costs more than they do. Both take the caller's clock as a
parameter. Expired holds are ignored here and released by whoever books over them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache

from django.db import connection
from django.utils import timezone

from practice import slots
from practice.models import LIVING, AppointmentType, Modality
from practice.slots import Busy, Hours, Rules, Slot, Taken

# No guard is longer: book() refuses longer ones, so a stretch of time is searched with this much before and after it.
LONGEST_GUARD = timedelta(hours=6)
WINDOWS = (1, 3, 7, 17)  # days; most pages are filled by the first
BY_DEFAULT = (Modality.VIDEO, Modality.PHONE, Modality.IN_PERSON)
STATES = [str(status) for status in LIVING]


@dataclass(frozen=True, slots=True)
class Offered:
    """A therapist who offers the type: ``ways`` to meet, in the order of BY_DEFAULT, and the one ``way`` searched
    for.
    """

    pk: int
    slug: str
    name: str
    ways: tuple[str, ...]
    way: str


@dataclass(frozen=True, slots=True)
class Place:
    pk: int
    name: str
    zone: str


@dataclass(frozen=True, slots=True)
class Offer:
    """What can be booked: one type, some therapists each by one way to meet, their hours, places and rooms."""

    type_id: int
    type_name: str
    price_cents: int
    rules: Rules
    therapists: dict[int, Offered]
    hours: tuple[Hours, ...]
    places: dict[int, Place]
    rooms: dict[int, list[int]]
    home: str = ""  # the practice's own zone, for readers of whom none is known

    @property
    def zone(self) -> str:
        """The clinic's zone: that of the first place with hours."""
        return self.hours[0].zone if self.hours else next((place.zone for place in self.places.values()), "")

    def zone_at(self, slot: Slot, reader: str) -> str:
        """The zone to print a time in: the place's for a visit in person, else the ``reader``'s (architecture.md 5)."""
        in_person = self.therapists[slot.therapist_id].way == Modality.IN_PERSON
        return self.places[slot.location_id].zone if in_person else reader

    def by_slug(self, slug: str) -> Offered | None:
        return next((each for each in self.therapists.values() if each.slug == slug), None)

    def only(self, therapist_ids: Iterable[int]) -> Offer:
        """The same offer by these therapists alone."""
        kept = set(therapist_ids)
        return Offer(
            **{name: getattr(self, name) for name in self.__slots__}
            | {
                "therapists": {pk: each for pk, each in self.therapists.items() if pk in kept},
                "hours": tuple(stretch for stretch in self.hours if stretch.therapist_id in kept),
            }
        )


# LIMIT keeps the account a look-up for each therapist; as a plain join it was read by all accounts, patients' included.
OFFER = """
SELECT y.id, y.name, y.price_cents, y.modalities, y.needs_room,
  extract(epoch FROM y.length)::int, extract(epoch FROM y.buffer_before)::int, extract(epoch FROM y.buffer_after)::int,
  extract(epoch FROM y.slot_step)::int, extract(epoch FROM y.lead_time)::int, extract(epoch FROM y.horizon)::int,
  (SELECT json_agg(json_build_array(r.location_id, r.id) ORDER BY r.name, r.id)
   FROM practice_room r WHERE r.is_open)::text,
  (SELECT p.time_zone FROM practice_practice p LIMIT 1),
  t.id, t.slug, u.name,
  (SELECT json_agg(json_build_array(h.location_id, l.zone, h.weekday, extract(epoch FROM h.starts)::int / 60,
      extract(epoch FROM h.ends)::int / 60, h.valid_from, h.valid_until, h.modalities, l.name)
      ORDER BY h.location_id, h.weekday, h.starts, h.id)
   FROM practice_workinghours h JOIN practice_location l ON l.id = h.location_id
   WHERE h.therapist_id = t.id AND l.is_open AND (h.valid_until IS NULL OR h.valid_until >= %(today)s::date))::text
FROM practice_appointmenttype y
LEFT JOIN (practice_therapist t CROSS JOIN LATERAL (
    SELECT name FROM practice_user WHERE id = t.user_id AND is_active LIMIT 1
) u) ON """
LISTED = "t.is_listed AND t.accepts_patients AND y.is_public"
ORDER = " ORDER BY t.sort_key, t.id"


def offer(
    *,
    code: str = AppointmentType.Code.CONSULT_FREE,
    modality: str | None = None,
    slug: str | None = None,
    therapist_id: int | None = None,
    now: datetime | None = None,
) -> Offer | None:
    """What is offered to the public, by all therapists or by one (``slug``); None without such a type. One query.

    With ``therapist_id`` the offer of that therapist for an appointment that exists already, listed or not. Without
    ``modality`` each therapist is asked for the first they have of video, phone and in person.
    """
    today = (now or timezone.now()).date() - timedelta(days=1)  # a day of slack: it may be yesterday somewhere
    who, where = LISTED, ""
    if therapist_id is not None:
        who = "t.id = %(therapist)s::bigint"
    elif slug is not None:
        where = " AND t.slug = %(slug)s::text"
    with connection.cursor() as cursor:
        cursor.execute(
            f"{OFFER}{who}{where} WHERE y.code = %(code)s::text{ORDER}",
            {"today": today, "code": code, "slug": slug, "therapist": therapist_id},
        )
        rows = cursor.fetchall()
    return as_offer(rows, modality) if rows else None


def as_offer(rows: Sequence[tuple], modality: str | None) -> Offer:
    """The rows of the query above as values; parsed hours are kept by their text, so the same hours parse once."""
    type_id, name, price, modalities, needs_room, length, before, after, step, lead, horizon, rooms, home = rows[0][:13]
    people: dict[int, Offered] = {}
    hours: list[Hours] = []
    places: dict[int, Place] = {}
    for pk, slug, person, text in (row[13:] for row in rows if row[13] is not None):
        had = ways_of(text or "[]")
        ways = tuple(str(way) for way in BY_DEFAULT if way in had and way in modalities)
        chosen = modality or (ways[0] if ways else "")
        people[pk] = Offered(pk, slug, person, ways, chosen)
        if chosen in ways:
            hours += hours_of(text, pk, chosen, bool(needs_room) and chosen == Modality.IN_PERSON)
            places |= {place.pk: place for place in places_of(text)}
    with_rooms = any(stretch.in_room for stretch in hours)
    return Offer(
        type_id=type_id,
        type_name=name,
        price_cents=price,
        rules=Rules(length, before, after, step, lead, horizon),
        therapists=people,
        hours=tuple(hours),
        places=places,
        rooms=rooms_of(rooms) if with_rooms and rooms else {},
        home=home or "",
    )


@lru_cache(maxsize=1_024)
def hours_of(text: str, therapist_id: int, modality: str, in_room: bool) -> tuple[Hours, ...]:
    return tuple(
        Hours(
            therapist_id,
            location_id,
            zone,
            weekday,
            starts,
            ends,
            date.fromisoformat(valid_from),
            date.fromisoformat(valid_until) if valid_until else None,
            in_room,
        )
        for location_id, zone, weekday, starts, ends, valid_from, valid_until, modalities, _name in json.loads(text)
        if modality in modalities
    )


@lru_cache(maxsize=1_024)
def ways_of(text: str) -> frozenset[str]:
    return frozenset(way for stretch in json.loads(text) for way in stretch[7])


@lru_cache(maxsize=1_024)
def places_of(text: str) -> tuple[Place, ...]:
    return tuple({stretch[0]: Place(stretch[0], stretch[8], stretch[1]) for stretch in json.loads(text)}.values())


@lru_cache(maxsize=64)
def rooms_of(text: str) -> dict[int, list[int]]:
    rooms: dict[int, list[int]] = {}
    for location_id, room_id in json.loads(text):
        rooms.setdefault(location_id, []).append(room_id)
    return rooms


# Arms: visits of the therapists, visits in the rooms, time off and closures. The bound on starts_at lets the index of
# the therapist end the search: a join against ranges alone would read a whole history.
OF_THERAPISTS = """
SELECT 1, therapist_id, extract(epoch FROM lower(guard))::bigint, extract(epoch FROM upper(guard))::bigint
FROM practice_appointment WHERE therapist_id = ANY(%(therapists)s::bigint[]) AND {bound}"""
OF_ROOMS = """
UNION ALL
SELECT 2, room_id, extract(epoch FROM lower(guard))::bigint, extract(epoch FROM upper(guard))::bigint
FROM practice_appointment WHERE room_id = ANY(%(rooms)s::bigint[]) AND {bound}"""
CLOSED = """
UNION ALL
SELECT CASE WHEN therapist_id IS NULL THEN 4 ELSE 3 END, coalesce(therapist_id, location_id),
  extract(epoch FROM starts_at)::bigint, extract(epoch FROM ends_at)::bigint
FROM practice_timeoff
WHERE (therapist_id = ANY(%(therapists)s::bigint[]) OR therapist_id IS NULL) AND starts_at < %(until)s::timestamptz
  AND ends_at > %(since)s::timestamptz"""
BOUND = """starts_at >= %(since)s::timestamptz AND starts_at < %(until)s::timestamptz
  AND status = ANY(%(living)s::text[])
  AND (status <> 'held' OR (held_until > %(now)s::timestamptz AND hold_key <> %(own)s::text))
  AND id <> %(moving)s::bigint"""


def taken(
    offered: Offer, *, since: int, until: int, now: datetime, hold_key: str = "", moving: int | None = None
) -> Taken:
    """What is gone around [since, until) for the therapists of the offer; one query.

    The live hold of the browser session ``hold_key`` does not count, nor does the appointment ``moving``.
    """
    rooms = [room for rooms in offered.rooms.values() for room in rooms]
    statement = OF_THERAPISTS + (OF_ROOMS if rooms else "") + CLOSED
    with connection.cursor() as cursor:
        cursor.execute(
            statement.format(bound=BOUND),
            {
                "therapists": sorted({stretch.therapist_id for stretch in offered.hours}),
                "rooms": rooms,
                "since": datetime.fromtimestamp(since, timezone.get_default_timezone()) - LONGEST_GUARD,
                "until": datetime.fromtimestamp(until, timezone.get_default_timezone()) + LONGEST_GUARD,
                "living": STATES,
                "now": now,
                "own": hold_key or "-",
                "moving": moving or 0,
            },
        )
        spans: dict[int, dict[int, list[tuple[int, int]]]] = {1: {}, 2: {}, 3: {}, 4: {}}
        for kind, owner, begins, ends in cursor.fetchall():
            spans[kind].setdefault(owner, []).append((begins, ends))
    therapists, in_rooms, off, closed = (
        {owner: Busy(each) for owner, each in spans[kind].items()} for kind in (1, 2, 3, 4)
    )
    return Taken(therapists, in_rooms, off, closed, offered.rooms)


def bookable(offered: Offer, since: int, until: int, now: datetime) -> tuple[int, int]:
    """[since, until) cut to what the type allows now: not before the lead time, not beyond the horizon."""
    moment = int(now.timestamp())
    return max(since, moment + offered.rules.lead), min(until, moment + offered.rules.horizon)


def free_between(
    offered: Offer,
    since: int,
    until: int,
    *,
    now: datetime,
    limit: int | None = None,
    hold_key: str = "",
    moving: int | None = None,
) -> list[Slot]:
    """The free starts with since <= start < until, by time. One query; none where no hours lie in that time."""
    since, until = bookable(offered, since, until, now)
    wanted = slots.candidates(offered.hours, offered.rules, since=since, until=until) if since < until else []
    if not wanted:
        return []
    gone = taken(offered, since=since, until=until, now=now, hold_key=hold_key, moving=moving)
    return slots.free_among(wanted, gone, offered.rules, limit=limit)


def first_free(
    offered: Offer, limit: int, *, now: datetime, since: int | None = None, hold_key: str = ""
) -> list[Slot]:
    """The ``limit`` earliest free starts of all therapists in 28 days; stops at the first window that fills."""
    begin = since if since is not None else int(now.timestamp())
    found: list[Slot] = []
    for days in WINDOWS:
        end = begin + days * slots.DAY
        found += free_between(offered, begin, end, now=now, limit=limit - len(found), hold_key=hold_key)
        if len(found) >= limit:
            break
        begin = end
    return found


def first_of_each(offered: Offer, *, now: datetime) -> dict[int, Slot]:
    """The next free start of every therapist who has one; two queries at most, the second for who is full this week."""
    begin = int(now.timestamp())
    found: dict[int, Slot] = {}
    missing = offered
    for days in (7, 365):
        for slot in free_between(missing, begin, begin + days * slots.DAY, now=now):
            found.setdefault(slot.therapist_id, slot)
        missing = offered.only(pk for pk in offered.therapists if pk not in found)
        begin += days * slots.DAY
    return found
