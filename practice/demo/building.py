"""Building the demo clinic: its places and people, then everything that happened until now, in order."""

from __future__ import annotations

import gc
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import time_machine
from django.db import connection, transaction

from education import articles
from education.models import Article
from intake import alerts, consent, instrument
from practice import outbox_folder
from practice.demo import answering, arriving, calendar, clinic, holidays, people, treating
from practice.demo.people import Stage
from practice.demo.timeline import Timeline
from practice.demo.world import Person, World
from practice.models import Appointment, AppointmentType, Location, Therapist, TimeOff, User

SEED = 20_260
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
BEFORE_FIRST = 30 * DAY
CLOSED_AHEAD = 400 * DAY


def build(now: datetime, count: int = people.WHOLE) -> World:
    """Make the whole clinic as it stands ``now`` with ``count`` patients; the same moment gives the same clinic.

    One transaction: a clinic is there as a whole or not at all.
    """
    now = now.astimezone(UTC).replace(second=0, microsecond=0)
    roster = people.roster(count, random.Random(SEED))
    plan = calendar.make(roster, now, random.Random(SEED))
    first = min([visits[0] for visits in plan.past.values() if visits] + [now]).astimezone(UTC) - BEFORE_FIRST
    with letters_of_a_failure_removed(), uncollected(), transaction.atomic():
        keep_to_indexes()
        with time_machine.travel(first, tick=False):
            world = found(now, plan, roster, first.date())
        for person in world.people:
            tell(world, person)
        put_alerts(world)
        world.timeline.run()
    return world


def keep_to_indexes() -> None:
    """Until the commit the planner knows nothing of what is written here, least of all where an earlier try was broken
    off and its remains were just vacuumed: it would walk through whole tables, for minutes.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")


@contextmanager
def letters_of_a_failure_removed() -> Iterator[None]:
    """The outbox folder knows no transaction: where the clinic is not built, what it had sent goes too."""
    before = set(outbox_folder.folder().iterdir())
    try:
        yield
    except BaseException:
        for path in set(outbox_folder.folder().iterdir()) - before:
            path.unlink()
        raise


@contextmanager
def uncollected() -> Iterator[None]:
    """Half a minute of making rows leaves little garbage in circles; looking for it costs a tenth of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def found(now: datetime, plan: calendar.Calendar, roster: list[people.Sketch], first_day: date) -> World:
    """The practice before its first patient: staff, texts, questionnaires, those who answer alerts."""
    clinic.build(first_day)
    world = World(
        now=now,
        timeline=Timeline(now),
        calendar=plan,
        people=[Person(sketch, random.Random(f"{SEED} {sketch.email}")) for sketch in roster],
        therapists={t.slug: t for t in Therapist.objects.select_related("user")},
        staff={stem: User.objects.get(email=f"{stem}@ternbay.example") for _name, stem, _roles in clinic.STAFF},
        kinds={kind.code: kind for kind in AppointmentType.objects.all()},
        places={place.name: place for place in Location.objects.all()},
    )
    manager = world.staff["manager"]
    for responder in (world.staff["supervisor"], world.therapists["priya-lindqvist"].user):
        alerts.name_responder(by=manager, user=responder)
    consent.load_texts(by=None)
    world.instruments = {version.instrument.slug: version for version in instrument.load_all(by=None)}
    texts = articles.sources()
    reviews = {text.code: articles.Review(text.clinical_reviewer, text.reviewed_on) for text in texts}
    articles.load_all(by=None, texts=texts, reviews=reviews)
    world.articles = {article.code: article for article in Article.objects.all()}
    away(world)
    close_on_holidays(world, first_day)
    return world


def away(world: World) -> None:
    """One therapist is away on one day of next week."""
    therapist = world.therapists[calendar.AWAY]
    zone = ZoneInfo(calendar.PLACES["Tern Bay"])
    TimeOff.objects.create(
        therapist=therapist,
        starts_at=datetime.combine(world.calendar.away, time(), zone),
        ends_at=datetime.combine(world.calendar.away + DAY, time(), zone),
        label="Training day",
    )


def close_on_holidays(world: World, first_day: date) -> None:
    """Nobody works on a public holiday; the week of the front desk says which it is."""
    days = list(holidays.between(first_day, (world.now + CLOSED_AHEAD).date()))
    TimeOff.objects.bulk_create(
        TimeOff(
            therapist=world.therapists[sketch.slug],
            starts_at=datetime.combine(day, time(), ZoneInfo(calendar.PLACES[sketch.hours[0].location])),
            ends_at=datetime.combine(day + DAY, time(), ZoneInfo(calendar.PLACES[sketch.hours[0].location])),
            label=name,
        )
        for sketch in clinic.THERAPISTS
        for day, name in days
    )


# -- Where each story begins -----------------------------------------------------------------------------------------
def tell(world: World, person: Person) -> None:
    """Put the beginning of a person's story on the timeline; the rest follows from it."""
    stage, now = person.sketch.stage, world.now
    if stage == Stage.BOOKED_TALK:
        booked_at = now - DAY * person.sketch.step / 3 - 2 * HOUR
        first, last = now, now + 9 * DAY
    elif stage in (Stage.IN_COURSE, Stage.COMPLETED):
        session = world.calendar.past[person.sketch.email][0]
        booked_at, last = session - 15 * DAY + person.chance.randint(0, 300) * MINUTE, session - 3 * DAY
        first = booked_at + DAY
        tell_of_course(world, person)
    else:
        booked_at = now - 11 * DAY + person.chance.randint(0, 300) * MINUTE
        first, last = booked_at + DAY, now - (1 + person.sketch.step % 3) * DAY
    world.timeline.at(booked_at, arriving.visitor_books, world, person, after=first, before=last)


def tell_of_course(world: World, person: Person) -> None:
    """What in a course does not follow from what came before: its end, and a visit of today outside the usual hours."""
    email = person.sketch.email
    if person.sketch.stage == Stage.COMPLETED:
        world.timeline.at(world.calendar.past[email][-1] + DAY, treating.finish, world, person)
    if extra := world.calendar.extra.get(email):
        world.timeline.at(extra - 4 * DAY, treating.extra_visit, world, person, extra)


# -- Alerts ----------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Answered:
    """Somebody in a course answered the ninth question above zero: how long ago, and what followed how much later."""

    place: int
    ago: timedelta
    seen: timedelta | None = None
    closed: timedelta | None = None


ANSWERS = (
    Answered(9, 23 * DAY, seen=40 * MINUTE, closed=3 * HOUR),
    Answered(3, 26 * HOUR, seen=25 * MINUTE),
    Answered(4, 3 * HOUR),
    Answered(7, 35 * MINUTE),
)


def put_alerts(world: World) -> None:
    """One alert long dealt with, one seen yesterday, two that wait for a clinician."""
    in_course = [person for person in world.people if person.sketch.stage == Stage.IN_COURSE]
    for answer in ANSWERS:
        if answer.place >= len(in_course):
            continue
        person, at = in_course[answer.place], world.now - answer.ago
        therapist = world.therapist_of(person).user
        world.timeline.at(at, answering.phq, world, person, risk=1)
        if answer.seen:
            world.timeline.at(at + answer.seen, answering.acknowledge, person, therapist)
        if answer.closed:
            world.timeline.at(at + answer.closed, answering.assess_and_close, world, person, therapist)


def counted() -> str:
    """One line about what is there."""
    visits = Appointment.objects.exclude(status="held").count()
    return f"{visits} visits"
