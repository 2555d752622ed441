"""When everybody of the demo clinic comes: a weekly hour for each, counted back and forth from today. Pure."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import count, islice
from zoneinfo import ZoneInfo

from practice.demo import holidays
from practice.demo.clinic import THERAPISTS, TherapistSketch
from practice.demo.people import ROSA, Sketch, Stage

PLACES = {"Tern Bay": "America/Los_Angeles", "Millrace": "America/Denver"}
WEEK, DAY, HOUR, MINUTE = timedelta(days=7), timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
SESSION, GUARD = timedelta(minutes=50), timedelta(minutes=60)
BEGUN = timedelta(minutes=6)  # the note is begun that long after the visit
SHOWN = "ines-varga"  # the therapist whose day a newcomer sees
COMING = 3  # weeks ahead
AWAY = "priya-lindqvist"


@dataclass(frozen=True, order=True)
class Hour:
    """A weekly hour on the wall of a place."""

    weekday: int
    at: time
    zone: str

    def on(self, day: date) -> datetime:
        return datetime.combine(day, self.at, ZoneInfo(self.zone))

    def before(self, day: date) -> date:
        """The last date of this hour before ``day``."""
        return day - DAY * ((day.weekday() - self.weekday - 1) % 7 + 1)


@dataclass
class Calendar:
    """Every visit of the courses: past ones first. ``extra`` are hours of today outside the therapist's own.

    ``to_finish`` is whose visit of the shown therapist left a half-written note, and when it was.
    """

    hours: dict[str, Hour] = field(default_factory=dict)  # by e-mail address
    past: dict[str, list[datetime]] = field(default_factory=dict)
    coming: dict[str, list[datetime]] = field(default_factory=dict)
    extra: dict[str, datetime] = field(default_factory=dict)
    away: date | None = None
    to_finish: tuple[str, datetime] | None = None

    def taken(self, therapist: str, people: Sequence[Sketch]) -> set[tuple[int, time]]:
        """The weekly hours of a therapist that belong to somebody."""
        return {
            (self.hours[p.email].weekday, self.hours[p.email].at)
            for p in people
            if p.therapist == therapist and p.email in self.hours
        }


def weekly_hours(therapist: TherapistSketch) -> list[Hour]:
    """The hours a therapist has in a week, one session each."""
    found = []
    for stretch in therapist.hours:
        starts = datetime.combine(date.min, stretch.starts)
        ends = datetime.combine(date.min, stretch.ends)
        while starts + SESSION <= ends:
            found += [Hour(int(day), starts.time(), PLACES[stretch.location]) for day in stretch.days]
            starts += HOUR
    return sorted(found)


def make(people: Sequence[Sketch], now: datetime, chance: random.Random) -> Calendar:
    """The calendar of all who are or were in a course, as it stands ``now``."""
    calendar = Calendar()
    today = now.astimezone(ZoneInfo(PLACES["Tern Bay"])).date()
    calendar.away = today - DAY * today.weekday() + WEEK + DAY  # Tuesday of next week
    for therapist in THERAPISTS:
        own = [p for p in people if p.therapist == therapist.slug and p.stage in (Stage.IN_COURSE, Stage.COMPLETED)]
        for person, hour in zip(own, hours_for(therapist, own, today, chance), strict=True):
            calendar.hours[person.email] = hour
            calendar.past[person.email] = list(past_visits(person, hour, today, chance))
            calendar.coming[person.email] = list(coming_visits(person, hour, today, calendar.away))
    shown = [p for p in people if p.therapist == SHOWN and p.stage == Stage.IN_COURSE]
    fill_today(calendar, shown, now, today)
    calendar.to_finish = newest_written(calendar, [p for p in shown if p.name != ROSA], now)
    return calendar


def hours_for(therapist: TherapistSketch, own: Sequence[Sketch], today: date, chance: random.Random) -> Iterator[Hour]:
    """An hour for each: about a third on today's weekday, Rosa Meier's in two days or on the first day after."""
    free = weekly_hours(therapist)
    chance.shuffle(free)
    days = {hour.weekday for hour in free}
    of_today = [hour for hour in free if hour.weekday == today.weekday()]
    rosas = next(
        d for d in range(2, 16) if (today + DAY * d).weekday() in days and not holidays.name_of(today + DAY * d)
    )
    for number, person in enumerate(own):
        if person.name == ROSA:
            wanted = [hour for hour in free if hour.weekday == (today + DAY * rosas).weekday() and hour.at >= time(10)]
        elif number % 3 == 1 and person.stage == Stage.IN_COURSE and of_today:
            wanted = of_today
        else:
            wanted = [hour for hour in free if hour not in of_today]
        hour = (wanted or free)[0]
        free.remove(hour)
        if hour in of_today:
            of_today.remove(hour)
        yield hour


def past_visits(person: Sketch, hour: Hour, today: date, chance: random.Random) -> Iterator[datetime]:
    """One visit a week before today, holidays left out: those attended and those missed."""
    number = person.attended + len(person.missed)
    last = hour.before(today)
    if person.stage == Stage.COMPLETED:
        last -= WEEK * chance.randint(2, 5)
    open_days = (day for day in (last - WEEK * back for back in count()) if not holidays.name_of(day))
    yield from reversed([hour.on(day) for day in islice(open_days, number)])


def coming_visits(person: Sketch, hour: Hour, today: date, away: date) -> Iterator[datetime]:
    """Today's visit and those of the next weeks, as far as the course goes, none on a holiday."""
    if person.stage == Stage.COMPLETED:
        return
    first = hour.before(today) + WEEK
    left = int(person.template) - person.attended
    for ahead in range(min(COMING, left)):
        day = first + WEEK * ahead
        if not (person.therapist == AWAY and day == away) and not holidays.name_of(day):
            yield hour.on(day)


def fill_today(calendar: Calendar, people: Sequence[Sketch], now: datetime, today: date) -> None:
    """See that the shown therapist has two visits before now and two after, at any hour and on any weekday.

    What her hours do not give is agreed outside them, with people whose own visits lie furthest from now.
    """

    def nearest(person: Sketch) -> timedelta:
        return min(abs(v - now) for v in calendar.coming[person.email] + calendar.past[person.email][-1:])

    zone = ZoneInfo(PLACES["Tern Bay"])
    begins = datetime.combine(today, time(), zone)
    ends = datetime.combine(today + DAY, time(), zone)
    taken = sorted(v for p in people for v in calendar.coming[p.email] if begins <= v < ends)
    spare = sorted((p for p in people if p.name != ROSA and nearest(p) > DAY), key=nearest, reverse=True)
    minute = now.astimezone(zone).replace(second=0, microsecond=0)
    minute -= MINUTE * (minute.minute % 15)
    for step, missing in ((-15, 2 - sum(v <= now for v in taken)), (15, 2 - sum(v > now for v in taken))):
        at = minute + MINUTE * step * (1 if step < 0 else 3)
        while missing > 0 and spare and begins <= at and at + GUARD <= ends:
            if all(abs(at - other) >= GUARD for other in taken):
                calendar.extra[spare.pop(0).email] = at
                taken.append(at)
                missing -= 1
            at += MINUTE * step


def newest_written(calendar: Calendar, people: Sequence[Sketch], now: datetime) -> tuple[str, datetime] | None:
    """The newest visit after which there was time to begin the note: whose it was, and when it began."""
    visits = [(visit, p.email) for p in people for visit in held(calendar, p) if visit + SESSION + BEGUN <= now]
    visit, email = max(visits, default=(None, ""))
    return (email, visit) if visit else None


def held(calendar: Calendar, person: Sketch) -> Iterator[datetime]:
    """The visits of a person that were not missed or cancelled, those to come included."""
    gone = {after + number for number, (after, _how) in enumerate(person.missed)}
    yield from (visit for place, visit in enumerate(calendar.past[person.email]) if place not in gone)
    yield from calendar.coming[person.email]
    if person.email in calendar.extra:
        yield calendar.extra[person.email]
