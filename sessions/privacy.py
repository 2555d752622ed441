"""What treatment holds about a person: courses, sessions, notes, homework (architecture.md 3).

Clinical records are kept for years by law (clinical.md 5.6). Here they are exported whole, and erased only where
nothing clinical was ever written: what is signed is destroyed by the owner's function at the end of its retention.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.apps import apps

from practice.clearing import StillNeeded
from practice.models import Patient
from sessions.models import ConsultationOutcome, Course, HomeworkLine, ProgressNote, TherapySession


class RecordKept(StillNeeded):
    """The person has a course, a session or a note; the record stays for its time of retention."""


def export(patient: Patient) -> dict[str, Any]:
    """Everything treatment holds about ``patient``; times as ISO 8601 in UTC. Drafts are not part of the record yet."""
    return {
        "free_talks": [
            {"outcome": row.outcome, "note": row.note, "recorded_at": row.recorded_at.isoformat()}
            for row in patient.consultation_outcomes.order_by("recorded_at")
        ],
        "courses": [course_words(row) for row in patient.courses.order_by("opened_at")],
        "sessions": [
            {"starts_at": row.starts_at.isoformat(), "kind": row.kind, "number": row.number, "label": row.label}
            for row in patient.therapy_sessions.order_by("starts_at")
        ],
        "notes": [note_words(row) for row in patient.progress_notes.signed().order_by("appointment__starts_at")],
    }


def course_words(course: Course) -> dict[str, Any]:
    return {
        "therapist": course.therapist.name,
        "state": course.state,
        "template": course.template,
        "opened_at": course.opened_at.isoformat(),
        "started_at": course.started_at.isoformat() if course.started_at else None,
        "ended_at": course.ended_at.isoformat() if course.ended_at else None,
        "plan": [{"position": item.position, "modules": item.modules} for item in course.plan.all()],
        "moves": [
            {"from": move.from_state, "to": move.to_state, "at": move.moved_at.isoformat(), "reason": move.reason}
            for move in course.moves.order_by("moved_at")
        ],
    }


def note_words(note: ProgressNote) -> dict[str, Any]:
    return {
        "document": note.document,
        "signed_at": note.signed_at.isoformat(),
        "sha256": note.sha256,
        "addenda": [
            {"reason": row.reason, "text": row.text, "signed_at": row.signed_at.isoformat(), "author": row.author.name}
            for row in note.addenda.select_related("author")
        ],
    }


def following(patients: Collection[int]) -> set[int]:
    """Those of the patients with a course, a session, a note or homework, or whose free talk led on to the intake.

    A free talk that led nowhere is not treatment (clinical.md 1.3): nothing follows from it.
    """
    led_on = ConsultationOutcome.objects.filter(outcome=ConsultationOutcome.Outcome.BOOK_INTAKE)
    kept = set(led_on.filter(patient__in=patients).values_list("patient_id", flat=True))
    for model in (Course, TherapySession, ProgressNote, HomeworkLine):
        kept.update(model.objects.filter(patient__in=patients).values_list("patient_id", flat=True))
    return kept


def erase(patient: Patient) -> int:
    """Delete what came of free talks, with its history; returns how many rows went.

    Raises :class:`RecordKept` where there is a course, a session or a note. The caller decides whether the law allows
    it, holds the transaction and records it.
    """
    held = (Course, TherapySession, ProgressNote)
    if any(model.objects.filter(patient=patient).exists() for model in held):
        raise RecordKept
    deleted, _by_model = ConsultationOutcome.objects.filter(patient=patient).delete()
    events = apps.get_model("therapy_sessions", "ConsultationOutcomeEvent").objects.filter(patient_id=patient.pk)
    history, _by_model = events.delete()
    return deleted + history
