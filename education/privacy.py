"""What education holds about a person: the articles given to them and what they said about them."""

from collections.abc import Collection
from typing import Any

from django.apps import apps

from education.models import ArticleAssignment
from practice.models import Patient


def export(patient: Patient) -> dict[str, Any]:
    """Every article given to ``patient``, with the times and the person's own words; dates as ISO 8601 in UTC."""
    return {
        "reading": [
            {
                "article": assignment.article_version.title,
                "version": assignment.article_version.number,
                "given_at": assignment.assigned_at.isoformat(),
                "given_by": assignment.assigned_by.name,
                "note": assignment.note,
                "opened_at": assignment.opened_at.isoformat() if assignment.opened_at else None,
                "finished_at": assignment.finished_at.isoformat() if assignment.finished_at else None,
                "helpful": assignment.helpful,
                "question": assignment.question_text,
            }
            for assignment in patient.reading.with_texts()
        ]
    }


def following(patients: Collection[int]) -> set[int]:
    """Those of the patients who were given something to read: somebody cares for them."""
    return set(ArticleAssignment.objects.filter(patient__in=patients).values_list("patient_id", flat=True))


def erase(patient: Patient) -> int:
    """Delete the reading of ``patient`` with its whole history; returns how many rows of both went.

    The caller decides whether the law allows it, holds the transaction and records it.
    """
    deleted, _by_model = ArticleAssignment.objects.filter(patient=patient).delete()
    # Deleting wrote history of its own, so the history goes last.
    history, _by_model = (
        apps.get_model("education", "ArticleAssignmentEvent").objects.filter(patient_id=patient.pk).delete()
    )
    return deleted + history
