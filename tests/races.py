"""The races for a time: what many browsers do at once, and what has to be true afterwards.

Each race runs over HTTP against a real server and its database, full size in tests/prove/booking.py and small in
tests/practice/test_race.py. One round: everybody gets ready, all send at the same moment, the rows are counted.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from urllib.parse import urlsplit

from django.db import connection
from django.utils import timezone

from practice import booking, manage_links
from practice.models import (
    Appointment,
    AppointmentType,
    Location,
    Patient,
    Status,
    Therapist,
    User,
    WorkingHours,
)
from tests import cast
from tests.racers import Answer, Racers, Request

GONE = "That time has just gone"
CALL = "Please call us for this one"
# How each of the two keeps what was typed: in its field again, or to read to whoever answers the telephone.
KEPT = {GONE: 'value="Racer {}"', CALL: "<bdi>Racer {}</bdi>"}
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


@dataclass
class Result:
    """What happened in all rounds of one race."""

    name: str
    winners: Counter[int] = field(default_factory=Counter)
    rows: Counter[int] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)
    slowest: float = 0.0
    wrong: list[str] = field(default_factory=list)

    def add(self, answers: list[Answer], *, rows: int, kept: list[bool]) -> None:
        self.winners[sum(answer.status == 302 for answer in answers)] += 1
        self.rows[rows] += 1
        self.statuses.update(answer.status for answer in answers)
        self.slowest = max(self.slowest, *(answer.seconds for answer in answers))
        if not all(kept):
            self.wrong.append(f"{kept.count(False)} answers without the clear page or without the typed words")

    def held(self, *, winners: int = 1) -> bool:
        return set(self.winners) == {winners} and set(self.rows) == {1} and not self.wrong and not self.failed

    @property
    def failed(self) -> int:
        """Answers that are neither the booking nor the clear refusal."""
        return sum(number for status, number in self.statuses.items() if status not in (302, 409))

    def line(self) -> str:
        answers = ", ".join(f"{number} x {status}" for status, number in sorted(self.statuses.items()))
        rounds = sum(self.rows.values())
        rows = ", ".join(f"{count} booking(s) in {number} round(s)" for count, number in sorted(self.rows.items()))
        slow = f"slowest answer {self.slowest * 1000:.0f} ms"
        return (
            f"{self.name}: {rounds} rounds, {rows}; answers {answers}; {slow}{'; ' if self.wrong else ''}"
            + "; ".join(self.wrong)
        )


@dataclass
class Arena:
    """A clinic that never closes, in UTC, with as many therapists as racers."""

    racers: Racers
    count: int
    type: AppointmentType
    location: Location
    therapists: list[Therapist]
    desk: User
    first_day: datetime
    rounds_run: int = 0

    def target(self) -> datetime:
        """Noon of a day that no race has used; the first days are where racers keep their own times."""
        self.rounds_run += 1
        day, part = divmod(self.rounds_run, 10)
        return self.first_day + (8 + day) * DAY + part * 120 * MINUTE

    def own_time(self, number: int) -> datetime:
        return self.first_day + (number // 20) * DAY + (number % 20) * 60 * MINUTE

    def hold(self, number: int, starts_at: datetime, therapist: int = 0) -> Request:
        fields = {"therapist": self.therapists[therapist].slug, "way": "video", "starts": starts_at.isoformat()}
        return Request("/book/hold/", fields, (GONE,))

    def confirm(self, number: int, *, email: str = "", starts_at: datetime | None = None, **how) -> Request:
        fields = {
            "token": how.pop("token", str(uuid.uuid4())),
            "name": f"Racer {number}",
            "email": email or f"{uuid.uuid4().hex}@example.org",
            "starts": starts_at.isoformat() if starts_at else "",
        }
        return Request("/book/", fields, (GONE, CALL, *(kept.format(number) for kept in KEPT.values())), **how)

    def everybody_holds_an_own_time(self, numbers: range | None = None) -> None:
        wanted = numbers or range(self.count)
        requests = [self.hold(n, self.own_time(n)) if n in wanted else None for n in range(self.count)]
        lost = [answer for answer in self.racers.each(requests) if answer and answer.status != 302]
        if lost:
            raise AssertionError(f"{len(lost)} racers could not hold a time of their own: {lost[0]}")


def arena(racers: Racers, count: int) -> Arena:
    """Build the clinic in the connected database."""
    place = cast.clinic()
    Location.objects.update(zone="UTC")
    AppointmentType.objects.update(lead_time=timedelta(), buffer_after=10 * MINUTE, horizon=80 * DAY)
    users = User.objects.bulk_create(
        User(email=f"racing{number}@example.org", name=f"Racing Therapist {number:02}") for number in range(count)
    )
    therapists = Therapist.objects.bulk_create(
        Therapist(user=user, slug=f"racing-{number}", sort_key=user.name) for number, user in enumerate(users)
    )
    WorkingHours.objects.bulk_create(
        WorkingHours(
            therapist=therapist,
            location=place.location,
            weekday=weekday,
            starts=time(0),
            ends=time(23, 59),
            modalities=cast.ALL_MODALITIES,
            valid_from=date(2020, 1, 1),
        )
        for therapist in therapists
        for weekday in range(7)
    )
    desk = cast.user("Marlow Beck", "front_desk")
    midnight = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)
    kind, location = AppointmentType.objects.get(code="CONSULT_FREE"), Location.objects.get()
    return Arena(racers, count, kind, location, therapists, desk, midnight + 3 * DAY)


def rows_near(therapist: Therapist, target: datetime) -> int:
    """Living bookings of the therapist around the target, whatever their exact start; holds do not count."""
    near = Appointment.objects.filter(therapist=therapist, starts_at__gt=target - 40 * MINUTE)
    booked = near.filter(starts_at__lt=target + 60 * MINUTE, status__in=[Status.BOOKED, Status.CONFIRMED])
    return booked.count()


def refused_clearly(answers: list[Answer], page: str, typed: bool = True) -> list[bool]:
    """For each refusal: the clear page, with what was typed."""
    return [
        page in answer.found and (not typed or KEPT[page].format(number) in answer.found)
        for number, answer in enumerate(answers)
        if answer.status != 302
    ]


# -- The races -------------------------------------------------------------------------------------------
def one_slot(arena: Arena, rounds: int) -> Result:
    """Everybody books the same time."""
    return booking_race("one slot", arena, rounds, [0])


def overlapping(arena: Arena, rounds: int) -> Result:
    """Everybody books one of two starts whose guards overlap."""
    return booking_race("overlapping starts", arena, rounds, [0, 20])


def booking_race(name: str, arena: Arena, rounds: int, minutes: list[int]) -> Result:
    result = Result(name)
    for _ in range(rounds):
        target = arena.target()
        arena.everybody_holds_an_own_time()
        starts = [target + minutes[number % len(minutes)] * MINUTE for number in range(arena.count)]
        answers = arena.racers.all_at_once([arena.confirm(n, starts_at=at) for n, at in enumerate(starts)])
        result.add(answers, rows=rows_near(arena.therapists[0], target), kept=refused_clearly(answers, GONE))
    return result


def hold_then_confirm(arena: Arena, rounds: int) -> tuple[Result, Result]:
    """Everybody holds the same time; then the winner's form is sent by everybody at once, as by a nervous finger."""
    holds, forms = Result("one hold"), Result("one form sent by all at once")
    for _ in range(rounds):
        target = arena.target()
        answers = arena.racers.all_at_once([arena.hold(n, target) for n in range(arena.count)])
        living = Appointment.objects.filter(therapist=arena.therapists[0], starts_at=target, status=Status.HELD)
        holds.add(answers, rows=living.count(), kept=refused_clearly(answers, GONE, typed=False))
        winner = next((answer for answer in answers if answer.status == 302), None)
        if winner is None:
            continue
        form = arena.confirm(0, cookies=winner.cookies)
        sent = arena.racers.all_at_once([form] * arena.count)
        forms.add(sent, rows=rows_near(arena.therapists[0], target), kept=[])
    return holds, forms


def move_against_book(arena: Arena, rounds: int) -> Result:
    """Half the racers move an appointment they have to the time that the other half books."""
    result, movers = Result("move against book"), range(arena.count // 2)
    mine = [standing(arena, number) for number in movers]
    links = [Request(urlsplit(manage_links.url_for(each)).path) for each in mine]
    arena.racers.each([links[n] if n in movers else None for n in range(arena.count)])
    for _ in range(rounds):
        target = arena.target()
        arena.everybody_holds_an_own_time(range(arena.count // 2, arena.count))
        revisions = dict(Appointment.objects.values_list("pk", "revision"))
        moves = [
            Request(
                f"/visit/{each.uid}/move/",
                {"starts": target.isoformat(), "revision": str(revisions[each.pk])},
                (GONE,),
            )
            for each in mine
        ]
        books = [arena.confirm(n, starts_at=target) for n in range(arena.count // 2, arena.count)]
        answers = arena.racers.all_at_once([*moves, *books])
        refused = refused_clearly(answers[: len(mine)], GONE, typed=False)
        refused += [
            GONE in answer.found and KEPT[GONE].format(number) in answer.found
            for number, answer in enumerate(answers)
            if number >= len(mine) and answer.status != 302
        ]
        result.add(answers, rows=rows_near(arena.therapists[0], target), kept=refused)
    return result


def standing(arena: Arena, number: int) -> Appointment:
    """A booked appointment of the racer's own, with its private link."""
    person = Patient.objects.create(first_name="Racer", last_name=str(number))
    return booking.book(
        by=arena.desk,
        therapist=arena.therapists[0],
        patient=person,
        type=arena.type,
        modality="video",
        location=arena.location,
        starts_at=arena.own_time(number) + 30 * MINUTE,
        outside_hours=True,
    )


def one_person(arena: Arena, rounds: int) -> Result:
    """One person in many windows: the same address books one and the same hour with every therapist."""
    result = Result("one person in all windows")
    for number in range(rounds):
        target, email = arena.target(), f"person{number}-{uuid.uuid4().hex}@example.org"
        holds = [arena.hold(n, target, therapist=n) for n in range(arena.count)]
        lost = [answer for answer in arena.racers.each(holds) if answer.status != 302]
        answers = arena.racers.all_at_once([arena.confirm(n, email=email) for n in range(arena.count)])
        booked = Appointment.objects.filter(starts_at=target, patient__email_key=email, status=Status.BOOKED)
        result.add(answers, rows=booked.count(), kept=[not lost, *refused_clearly(answers, CALL)])
    return result


RACES: dict[str, Callable[[Arena, int], Result]] = {
    "one slot": one_slot,
    "overlapping starts": overlapping,
    "move against book": move_against_book,
    "one person": one_person,
}


# -- What the database says ------------------------------------------------------------------------------
def deadlocks() -> int:
    """Deadlocks PostgreSQL counted in this database since it was made."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        return cursor.fetchone()[0]


def overlaps() -> int:
    """Pairs of living appointments of one therapist, room or patient that overlap, found without any constraint."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT count(*) FROM practice_appointment a JOIN practice_appointment b ON a.id < b.id
               AND a.status = ANY(%(living)s) AND b.status = ANY(%(living)s) AND a.occasion <> b.occasion
               AND ((a.therapist_id = b.therapist_id AND a.guard && b.guard)
                 OR (a.room_id = b.room_id AND a.guard && b.guard)
                 OR (a.patient_id = b.patient_id AND a.starts_at < b.ends_at AND b.starts_at < a.ends_at))""",
            {"living": ["held", "requested", "booked", "confirmed", "arrived", "attended", "no_show"]},
        )
        return cursor.fetchone()[0]


def drop_guards() -> None:
    """Take the exclusion constraints away: only for the control that has to fail."""
    with connection.cursor() as cursor:
        for guard in ("therapist_is_free", "room_is_free", "patient_is_free"):
            cursor.execute(f"ALTER TABLE practice_appointment DROP CONSTRAINT {guard}")
