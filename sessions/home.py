"""Treatment on a person's start page: a patient's course and homework, a clinician's notes to finish."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.db.models import Count, Min, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from practice.models import Appointment, AppointmentType, Patient, Status, User
from practice.roles import Role
from practice.start import EXPECTED, Badge, Card, Mark
from sessions import homework, note_fields, note_words, outline
from sessions.models import ConsultationOutcome, Course, ProgressNote, TherapySession
from sessions.models.course import TREATING
from sessions.note_completeness import Surroundings, problems

AUTHORS = frozenset({Role.THERAPIST, Role.TRAINEE})
# clinical.md 5.3: the first in-app reminder of an unsigned note.
OVERDUE_AFTER = dt.timedelta(hours=24)
MOST_NOTES = 5


def cards(user: User) -> list[Card]:
    if user.roles & AUTHORS:
        return notes_to_finish(user)
    return of_patient(user) if Role.PATIENT in user.roles else []


def of_patient(user: User) -> list[Card]:
    """Where the course is, and what to try until next time; nothing before a course has begun."""
    patient = Patient.objects.get(user=user)
    found = []
    course = outline.current_course(patient)
    if course is not None:
        found.append(Card(20, "sessions/patient/card_course.html", {"outline": outline.of_course(course)}, asks=False))
    lines = homework.current_for(patient)
    if lines:
        found.append(Card(30, "sessions/patient/card_homework.html", {"homework": lines}))
    return found


def notes_to_finish(user: User) -> list[Card]:
    """The oldest unsigned notes of the author, one entry each; the note list has the rest."""
    rows = ProgressNote.objects.visible_to(user).drafts().filter(author=user)
    rows = rows.select_related("patient", "appointment").order_by("appointment__starts_at")[:MOST_NOTES]
    late = timezone.now() - OVERDUE_AFTER
    return [
        Card(30, "sessions/note/card.html", {"note": note, "is_overdue": note.appointment.ends_at < late}, "waiting")
        for note in rows
    ]


def badges(user: User) -> list[Badge]:
    """How many notes wait for their author; a single one is a step away."""
    if not user.roles & AUTHORS:
        return []
    waiting = ProgressNote.objects.drafts().filter(author=user).aggregate(count=Count("pk"), first=Min("pk"))
    count = waiting["count"]
    if not count:
        return []
    label = ngettext("%(count)s note to finish", "%(count)s notes to finish", count) % {"count": count}
    url = reverse("sessions:note-edit", args=[waiting["first"]]) if count == 1 else reverse("sessions:note-list")
    return [Badge(20, label, url, icon="pen")]


def marks(user: User, appointments: Sequence[Appointment]) -> dict[int, list[Mark]]:
    """ "Session 8 of about 12" beside a visit, a link to its unsigned note, and to the outcome of a free talk."""
    found: dict[int, list[Mark]] = {}
    ids = [appointment.pk for appointment in appointments]
    sessions = TherapySession.objects.filter(appointment__in=ids).select_related("course", "note")
    for session in sessions:
        marked = found.setdefault(session.appointment_id, [Mark(note_words.session_words(session))])
        note = getattr(session, "note", None)
        if note is not None and not note.is_signed and note.author_id == user.pk:
            marked.append(Mark(next_step(note), reverse("sessions:note-edit", args=[note.pk]), "pen", "care"))
    for appointment, words in expected(user, [a for a in appointments if a.pk not in found]):
        found[appointment.pk] = [Mark(words)]
    talks = [a for a in appointments if a.type.code == AppointmentType.Code.CONSULT_FREE and wants_outcome(user, a)]
    known = set(
        ConsultationOutcome.objects.filter(appointment__in=[a.pk for a in talks]).values_list("appointment", flat=True)
        if talks
        else ()
    )
    for talk in talks:
        if talk.pk not in known:
            url = reverse("sessions:consultation-outcome", args=[talk.pk])
            found.setdefault(talk.pk, []).append(Mark(_("Say what comes of it"), url, "pen", "care"))
    return found


def next_step(note: ProgressNote) -> str:
    """What a draft asks of its author, by its text alone; the editor knows of homework, measures and the risk form."""
    if note_fields.is_empty(note.content):
        return _("Write note")
    around = Surroundings(homework_due=[], has_measures=True, has_risk_form=True, has_course=True)
    return _("Finish note") if problems(note.kind, note.content, around) else _("Sign note")


def expected(user: User, appointments: Sequence[Appointment]) -> list[tuple[Appointment, str]]:
    """Which session of its course each visit to come will be, if the person comes; one query, none without visits."""
    coming = [a for a in appointments if a.type.code == AppointmentType.Code.SESSION and a.status in EXPECTED]
    if not coming:
        return []
    rows = Course.objects.visible_to(user).filter(
        patient__in=[a.patient_id for a in coming], therapist__user=user, state__in=TREATING
    )
    courses = {c.patient_id: c for c in rows.annotate(attended=Count("sessions", Q(sessions__number__isnull=False)))}
    return [
        (a, note_words.numbered_words(courses[a.patient_id].attended + 1, courses[a.patient_id].planned_sessions))
        for a in coming
        if a.patient_id in courses
    ]


def wants_outcome(user: User, appointment: Appointment) -> bool:
    return bool(user.roles & AUTHORS) and appointment.status in (Status.ARRIVED, Status.ATTENDED)
