"""A course at a glance: its marks, its plan with what was delivered, and the summaries beside it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import F
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from intake.measures import Summary
from practice.models import Patient
from sessions import courses, note_words, numbering, plan
from sessions.documents import measure_row
from sessions.models import Course, CoursePlanItem, HomeworkLine, HomeworkReview, State, TherapySession
from sessions.models.course import TREATING


@dataclass(frozen=True)
class Mark:
    """One mark on the course line; ``state`` is done, now or empty."""

    number: int
    state: str


@dataclass(frozen=True)
class Planned:
    """One position of the plan: what it is about, and in which session it was delivered."""

    position: int
    titles: tuple[str, ...]
    is_review: bool
    delivered_in: TherapySession | None


@dataclass(frozen=True)
class Outline:
    """``attended`` counts numbered sessions; ``next_number`` is None where no session is to come."""

    sentence: str
    been: str
    marks: Sequence[Mark]
    plan: Sequence[Planned]
    sessions: Sequence[TherapySession]
    attended: int
    next_number: int | None
    next_topic: str
    is_past_plan: bool


def of_course(course: Course) -> Outline:
    """The outline of a course in two queries."""
    sessions = list(course.sessions.order_by("starts_at", "pk"))
    items = list(course.plan.all())
    by_pk = {session.pk: session for session in sessions}
    attended = sum(1 for session in sessions if session.number is not None)
    upcoming = numbering.next_number(sessions) if course.state in TREATING else None
    return Outline(
        sentence=sentence(course, upcoming),
        been=been(attended),
        marks=marks(course, {session.number for session in sessions if session.number}, upcoming),
        plan=[planned(item, by_pk) for item in items],
        sessions=sessions,
        attended=attended,
        next_number=upcoming,
        next_topic=next_topic(items, sessions) if upcoming else "",
        is_past_plan=upcoming is not None and courses.goes_past_plan(course, sessions),
    )


def planned(item: CoursePlanItem, sessions: Mapping[int, TherapySession]) -> Planned:
    known = plan.modules()
    titles = tuple(known[code].title for code in item.modules if code in known)
    return Planned(item.position, titles, item.is_review, sessions.get(item.delivered_in_id or 0))


def next_topic(items: Sequence[CoursePlanItem], sessions: Sequence[TherapySession]) -> str:
    """What the next session is about, in words for the patient: the first position nobody has worked on."""
    used = {session.position for session in sessions}
    free = [item for item in items if item.delivered_in_id is None and item.position not in used]
    return plan.patient_topic(free[0].modules) if free else ""


def sentence(course: Course, upcoming: int | None) -> str:
    """Where the course is, in one sentence."""
    if upcoming is not None and course.planned_sessions:
        facts = {"number": upcoming, "planned": course.planned_sessions}
        if courses.is_past_plan(course, upcoming):
            return _("Session %(number)s is next, beyond the %(planned)s planned.") % facts
        return _("Session %(number)s of about %(planned)s is next") % facts
    return str(State(course.state).label)


def been(attended: int) -> str:
    return ngettext("%(count)s session so far", "%(count)s sessions so far", attended) % {"count": attended}


def marks(course: Course, numbers: Collection[int], upcoming: int | None) -> list[Mark]:
    """A mark for every planned session and every one past them; ``numbers`` are those that took place."""
    total = max(course.planned_sessions or 0, *numbers, 0)
    states = dict.fromkeys(numbers, "done")
    if upcoming is not None and upcoming <= total:
        states[upcoming] = "now"
    return [Mark(number, states.get(number, "")) for number in range(1, total + 1)]


def current_course(patient: Patient) -> Course | None:
    """The course a patient's page shows: the one under treatment, else the last that was."""
    rows = Course.objects.filter(patient=patient, started_at__isnull=False).select_related("therapist__user")
    return rows.order_by(F("ended_at").desc(nulls_first=True), "-started_at").first()


def visits(course: Course) -> list[tuple[TherapySession, str, str]]:
    """The attended visits of a course by date, each with what it is called and a remark on its number; one query."""
    rows = list(course.sessions.select_related("appointment", "note", "course").order_by("starts_at", "pk"))
    places = numbering.display_numbers(rows)
    return [(row, note_words.session_words(row), note_words.remark(row, places.get(row.pk))) for row in rows]


def templates_at_a_glance() -> list[tuple[str, list[str]]]:
    """Each template with one line per session, for the page on which one is chosen."""
    return [
        (template.code, [session.titles for session in template.sessions]) for template in plan.templates().values()
    ]


def measures_at_a_glance(patient: Patient, summaries: Mapping[str, Summary]) -> list[dict[str, Any]]:
    zone = ZoneInfo(patient.time_zone)
    return [measure_row(summary, zone) for summary in summaries.values() if summary.latest.score is not None]


def homework_at_a_glance(patient: Patient) -> list[tuple[HomeworkLine, HomeworkReview | None]]:
    """The lines of the last note with homework, and what became of each so far."""
    newest = HomeworkLine.objects.filter(patient=patient).order_by("-note__appointment__starts_at").values("note")[:1]
    lines = HomeworkLine.objects.filter(note__in=newest).prefetch_related("reviews").order_by("position")
    return [(line, next(iter(line.reviews.all()), None)) for line in lines]
