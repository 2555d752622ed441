"""Session numbers: only attended clinical sessions consume one (clinical.md 0.3 rule 10, 4.6).

All of it happens under a lock on the course. A signed session keeps its number for ever; a session that was entered
late moves only the unsigned ones after it. Where that leaves a number out of the order of dates, ``display_number``
says which one it is by date.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from copy import copy

from django.db.models import QuerySet

from practice import attending
from practice.action import action
from practice.audit import Action, record
from practice.models import Appointment, AppointmentType, Status, User
from sessions.models import Course, State, TherapySession
from sessions.models.course import TREATING

# A contact under this length does not count (clinical.md 4.6).
FEWEST_MINUTES = 16
HAPPENED = (Status.ARRIVED, Status.ATTENDED)
KIND_OF_TYPE: dict[str, TherapySession.Kind] = {
    AppointmentType.Code.SESSION: TherapySession.Kind.SESSION,
    AppointmentType.Code.BOOSTER: TherapySession.Kind.BOOSTER,
    AppointmentType.Code.FAMILY: TherapySession.Kind.FAMILY,
}
LETTER: dict[str, str] = {TherapySession.Kind.BOOSTER: "B", TherapySession.Kind.CRISIS: "X"}


class SessionSigned(Exception):
    """The note is signed; the session keeps its kind and its number."""


class SessionGone(Exception):
    """The attendance was taken back a moment ago, and what followed from it with it."""


class NumbersMoved(Exception):
    """The numbers of the course are no longer those that were shown when the kind was chosen."""


def counted(course: Course) -> QuerySet[TherapySession]:
    """The sessions of a course that consume a number, in order of time."""
    return course.sessions.filter(counts=True).order_by("starts_at", "pk")


def display_number(session: TherapySession) -> int | None:
    """Which session of its course this is by date; None for one that is not counted. The number itself stays."""
    if not session.counts or session.course_id is None:
        return None
    earlier = TherapySession.objects.filter(course=session.course_id, counts=True, starts_at__lt=session.starts_at)
    return 1 + earlier.count()


def display_numbers(sessions: Sequence[TherapySession]) -> dict[int, int]:
    """The same for all sessions of one course at hand, by their id, without a query."""
    ordered = sorted((s for s in sessions if s.counts), key=lambda s: (s.starts_at, s.pk))
    return {session.pk: place for place, session in enumerate(ordered, 1)}


def name_of(session: TherapySession) -> str:
    """What stands for a session in lists: its number, "B1", "X1", or a dash for what is not counted."""
    if session.number:
        return str(session.number)
    return session.label or "–"


def assign_numbers(sessions: Iterable[TherapySession]) -> list[TherapySession]:
    """Set the numbers of the counted sessions of one course, given in order of time; returns those that changed.

    Signed ones keep theirs. An unsigned one gets its place by date, or the next number that no signed one holds.
    """
    rows = list(sessions)
    taken = {row.number for row in rows if row.signed_at is not None}
    changed, last = [], 0
    for place, row in enumerate(rows, 1):
        if row.signed_at is not None:
            continue
        number = max(place, last + 1)
        while number in taken:
            number += 1
        last = number
        if row.number != number:
            row.number = number
            changed.append(row)
    return changed


def next_number(sessions: Iterable[TherapySession]) -> int:
    """The number of a counted session that would come after these of one course, given in order of time.

    It is more than their count where signed numbers leave gaps. Nothing is changed.
    """
    coming = TherapySession()
    assign_numbers([*(copy(session) for session in sessions if session.counts), coming])
    return coming.number


def renumber(*, by: User, course: Course) -> None:
    """Bring the numbers of a locked course in order, and say so in the audit where a number moved."""
    had = dict(counted(course).filter(number__isnull=False).values_list("pk", "number"))
    changed = assign_numbers(counted(course))
    TherapySession.objects.bulk_update(changed, ["number"])
    for session in changed:
        if session.pk in had:
            detail = {"number": session.number, "before": had[session.pk]}
            record(by=by, action=Action.CHANGE, obj=session, patient=session.patient_id, detail=detail)


def lock(course: Course) -> Course:
    return Course.objects.select_for_update().get(pk=course.pk)


def course_for(appointment: Appointment, kind: str) -> Course | None:
    """The course a visit belongs to: the one under treatment; a booster may also follow a completed one."""
    states = (*TREATING, State.COMPLETED) if kind == TherapySession.Kind.BOOSTER else TREATING
    rows = Course.objects.filter(patient=appointment.patient_id, therapist=appointment.therapist_id, state__in=states)
    return rows.order_by("-started_at", "-pk").first()


def place(*, by: User, session: TherapySession) -> TherapySession:
    """Give a session that is being entered its number or label and its planned position; locks the course."""
    if session.course_id is None:
        return session
    course = lock(session.course)
    if session.counts:
        session.position = next_position(course, session)
        session.save()
        renumber(by=by, course=course)
    elif session.kind in LETTER:
        others = course.sessions.filter(kind=session.kind).exclude(pk=session.pk)
        session.label = next_label(session.kind, others.values_list("label", flat=True))
        session.save()
    session.refresh_from_db()
    return session


def next_label(kind: str, used: Iterable[str]) -> str:
    """ "B2", "X1": the label after the highest one used; empty for a kind that bears none."""
    highest = max((int(label[1:]) for label in used if label[1:].isdigit()), default=0)
    return f"{LETTER[kind]}{highest + 1}" if kind in LETTER else ""


def next_position(course: Course, session: TherapySession) -> int | None:
    """The first planned position that was not delivered and that no other session works on; None past the plan."""
    used = course.sessions.exclude(pk=session.pk).filter(position__isnull=False).values("position")
    free = course.plan.filter(delivered_in__isnull=True).exclude(position__in=used)
    return free.order_by("position").values_list("position", flat=True).first()


def adopt(*, by: User, course: Course) -> None:
    """Sessions attended before the course was opened, and not signed, become its first ones."""
    waiting = TherapySession.objects.filter(
        patient=course.patient, therapist=course.therapist, course__isnull=True, signed_at__isnull=True
    )
    for session in waiting.order_by("starts_at", "pk"):
        session.course = course
        session.save(update_fields=["course"])
        place(by=by, session=session)


def course_of(session: TherapySession, kind: str) -> Course | None:
    """The course a contact of that kind belongs to: its own, or the one that can take it where it has none.

    What came after a course ended belongs to it as a booster only.
    """
    course = session.course
    after_the_end = course is not None and course.ended_at is not None and session.starts_at > course.ended_at
    if course is None or (after_the_end and kind != TherapySession.Kind.BOOSTER):
        return course_for(session.appointment, kind)
    return course


def does_count(kind: str, counts: bool | None) -> bool:
    """Whether a contact consumes a number; ``counts`` is only asked for joint sessions (clinical.md 4.6)."""
    return bool(counts) if kind == TherapySession.Kind.FAMILY else kind == TherapySession.Kind.SESSION


def marks_of(course: Course | None) -> str:
    """All numbers and labels of a course as one short word: another word, other numbers."""
    if course is None:
        return "none"
    rows = course.sessions.order_by("pk").values_list("pk", "number", "label", "signed_at")
    return hashlib.sha256(repr(list(rows)).encode()).hexdigest()[:20]


@action
def set_kind(
    *, by: User, session: TherapySession, kind: str, counts: bool | None = None, as_seen: str = ""
) -> TherapySession:
    """Say what an unsigned contact was: a session, a short contact, a crisis contact, a joint session that counts.

    ``counts`` is only asked for joint sessions. ``as_seen`` is what :func:`marks_of` its course was when the person
    chose. The visit's own mark "attended, short" follows; the caller holds the visit still before it locks anything.
    Raises :class:`SessionGone`, :class:`SessionSigned` and :class:`NumbersMoved`.
    """
    rows = TherapySession.objects.select_for_update(of=("self",)).select_related("course", "appointment")
    found = rows.filter(pk=session.pk).first()
    if found is None:
        raise SessionGone
    session = found
    if session.signed_at is not None:
        raise SessionSigned
    course = lock(session.course) if session.course_id else None
    if as_seen and as_seen != marks_of(course):
        raise NumbersMoved
    if (session.kind, session.counts) == (kind, does_count(kind, counts)):
        return session
    session.kind, session.counts = TherapySession.Kind(kind), does_count(kind, counts)
    session.course = course_of(session, kind)
    session.number, session.label, session.position = None, "", None
    session.save()
    session = place(by=by, session=session)
    if course is not None:
        renumber(by=by, course=course)
        session.refresh_from_db()
    attending.say_short(by=by, appointment=session.appointment, short=kind == TherapySession.Kind.SHORT)
    detail = {"kind": session.kind, "counts": session.counts}
    record(by=by, action=Action.CHANGE, obj=session, patient=session.patient_id, detail=detail)
    return session
