"""What a slot picker shows: the days of a week with how many times each has, and the times of the chosen day.

It serves the public slot page and the move of an appointment. Days are local dates of the zone the times are printed
in.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from practice import slots
from practice.availability import Offer, first_free, free_between
from practice.models import Modality
from practice.slots import Slot
from practice.templatetags.evenkeel import wall_clock
from practice.zone import zone_label

WORKING_WEEK = 5
NOON, EVENING = 12, 17
NEAREST = 3


@dataclass(frozen=True, slots=True)
class Day:
    """One entry of the date strip; ``word`` says why a day without times has none."""

    day: date
    count: int
    word: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Time:
    """One start: ``value`` is what the form posts; ``beside`` the clinic's clock or the place, where that differs."""

    value: str
    starts_at: datetime
    clock: str
    beside: str


@dataclass(frozen=True, slots=True)
class Part:
    """Morning, afternoon or evening."""

    name: str
    times: list[Time]


@dataclass(frozen=True, slots=True)
class Picker:
    zone: str
    zone_words: str
    chosen: date
    days: list[Day]
    parts: list[Part]
    nearest: list[Slot]
    before: tuple[date, date] | None
    after: tuple[date, date] | None

    @property
    def key(self) -> tuple[object, ...]:
        """Everything the picker shows, as one value."""
        times = tuple(time for part in self.parts for time in part.times)
        return self.zone, self.chosen, tuple(self.days), times, tuple(self.nearest), self.before, self.after


def picker(
    offered: Offer,
    *,
    zone: str,
    now: datetime,
    day: date | None = None,
    hold_key: str = "",
    moving: int | None = None,
    without: datetime | None = None,
) -> Picker:
    """The week of ``day`` by one query; without a day that of the first free time, by one or two more.

    ``nearest`` is filled only where the chosen day has nothing. ``hold_key`` and ``moving`` as in availability.taken.
    ``without`` is a start that is no choice: the one that the moving appointment has.
    """
    here = ZoneInfo(zone)
    today = now.astimezone(here).date()
    day = day or first_day(offered, here, now, hold_key) or today
    monday = day - timedelta(days=day.weekday())
    since, until = slots.local_midnight(monday, zone), slots.local_midnight(monday + timedelta(days=7), zone)
    found = free_between(offered, since, until, now=now, hold_key=hold_key, moving=moving)
    if without is not None:
        found = [slot for slot in found if slot.starts_at != without]
    by_day = slots.by_local_date(found, zone)
    worked = worked_days(offered.hours, offered.rules, since, until, zone)
    days = [
        strip_day(each, len(by_day.get(each, ())), each in worked, today, day)
        for each in (monday + timedelta(days=number) for number in range(7))
        if each.weekday() < WORKING_WEEK or each in worked or each == day
    ]
    last = (now + timedelta(seconds=offered.rules.horizon)).astimezone(here).date()
    chosen = by_day.get(day, [])
    return Picker(
        zone=zone,
        zone_words=zone_label(zone, now),
        chosen=day,
        days=days,
        parts=parts_of(chosen, offered, here),
        nearest=[] if chosen else nearest(offered, day, zone, now, hold_key),
        before=week_of(monday - timedelta(days=7)) if monday > today else None,
        after=week_of(monday + timedelta(days=7)) if monday + timedelta(days=7) <= last else None,
    )


def first_day(offered: Offer, here: ZoneInfo, now: datetime, hold_key: str) -> date | None:
    first = first_free(offered, 1, now=now, hold_key=hold_key)
    return first[0].starts_at.astimezone(here).date() if first else None


@lru_cache(maxsize=1_024)
def worked_days(
    hours: tuple[slots.Hours, ...], rules: slots.Rules, since: int, until: int, zone: str
) -> frozenset[date]:
    """The local dates of ``zone`` on which there are hours at all, whatever is taken; no query.

    Pure, so its answers are kept, as those of slots.starts_on.
    """
    here, wanted = ZoneInfo(zone), slots.candidates(hours, rules, since=since, until=until)
    return frozenset(datetime.fromtimestamp(start, here).date() for start, _therapist, _stretch in wanted)


def strip_day(day: date, count: int, is_worked: bool, today: date, chosen: date) -> Day:
    if count:
        return Day(day, count, "", day == chosen)
    word = _("past") if day < today else _("full") if is_worked else _("no hours")
    return Day(day, count, word, day == chosen)


def week_of(monday: date) -> tuple[date, date]:
    return monday, monday + timedelta(days=WORKING_WEEK - 1)


def nearest(offered: Offer, day: date, zone: str, now: datetime, hold_key: str) -> list[Slot]:
    """The three next times after ``day``, or, where nothing comes after it, the first ones there are."""
    after = max(slots.local_midnight(day, zone), int(now.timestamp()))
    found = first_free(offered, NEAREST, now=now, since=after, hold_key=hold_key)
    return found or first_free(offered, NEAREST, now=now, hold_key=hold_key)


def parts_of(found: list[Slot], offered: Offer, here: ZoneInfo) -> list[Part]:
    """The times of a day by morning, afternoon and evening; parts without times are left out."""
    names: dict[str, list] = {_("Morning"): [], _("Afternoon"): [], _("Evening"): []}
    morning, afternoon, evening = names.values()
    several = len({slot.location_id for slot in found}) > 1
    language = get_language()
    in_person = {each.pk for each in offered.therapists.values() if each.way == Modality.IN_PERSON}
    for slot in found:
        local = slot.starts_at.astimezone(here)
        place = offered.places[slot.location_id]
        beside = clinic_clock(slot.starts_at, local, place.zone, language)
        if slot.therapist_id in in_person and several:
            beside = ", ".join(filter(None, (place.name, beside)))
        time = Time(slot.starts_at.isoformat(), local, clock_face(local.hour, local.minute, language), beside)
        (morning if local.hour < NOON else afternoon if local.hour < EVENING else evening).append(time)
    return [Part(name, times) for name, times in names.items() if times]


@lru_cache(maxsize=4_096)
def clock_face(hour: int, minute: int, language: str | None) -> str:
    """``9:20 am`` as ``language`` writes it; formatting dates is dear, and a day has few times."""
    return wall_clock(datetime(2000, 1, 1, hour, minute, tzinfo=UTC))


def clinic_clock(moment: datetime, local: datetime, clinic_zone: str, language: str | None) -> str:
    """``9:00 am Pacific`` where the reader's clock shows something else; empty where both agree."""
    there = moment.astimezone(ZoneInfo(clinic_zone))
    if there.utcoffset() == local.utcoffset():
        return ""
    return f"{clock_face(there.hour, there.minute, language)} {zone_label(clinic_zone, moment)}"
