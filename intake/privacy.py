"""What intake holds about a person: registration, answers, alerts and what was done about them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.db.models import QuerySet

from intake.models import (
    Answer,
    EmergencyContact,
    MeasureResponse,
    Registration,
    RiskAlert,
    RiskAssessment,
)
from intake.models.measure import ResponseStatus
from practice.clearing import StillNeeded
from practice.models import Patient


class ClinicalRecordKept(StillNeeded):
    """Finished questionnaires, alerts and assessments are part of the record and stay until retention ends."""


def export(patient: Patient) -> dict[str, Any]:
    """Everything intake holds about ``patient``; dates as ISO 8601 in UTC, each questionnaire with its attribution."""
    return {
        "registration": registration_of(patient),
        "emergency_contact": emergency_contact_of(patient),
        "questionnaires": [questionnaire(response) for response in responses_of(patient)],
        "risk_alerts": [alert_facts(alert) for alert in alerts_of(patient)],
        "risk_assessments": [assessment_facts(row) for row in patient.risk_assessments.select_related("by")],
    }


def plain(row, names: tuple[str, ...]) -> dict[str, Any]:
    """The named fields of a row as JSON can hold them."""
    return {name: as_json(getattr(row, name)) for name in names}


def as_json(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | str | list):
        return value
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def registration_of(patient: Patient) -> dict[str, Any] | None:
    row = Registration.objects.filter(patient=patient).first()
    names = (
        "sex_recorded", "gender", "street", "city", "state", "postal_code", "country", "language", "needs_interpreter",
        "access_needs", "prefers", "contact_notes", "session_place", "started_at", "finished_at",
    )  # fmt: skip
    return plain(row, names) if row else None


def emergency_contact_of(patient: Patient) -> dict[str, Any] | None:
    row = EmergencyContact.objects.filter(patient=patient).first()
    names = ("name", "relationship", "phone", "knows", "may_call", "none_because", "saved_at")
    return plain(row, names) if row else None


def responses_of(patient: Patient):
    rows = MeasureResponse.objects.filter(patient=patient).select_related("version__instrument", "entered_by")
    return rows.prefetch_related("answers").order_by("started_at", "pk")


def questionnaire(response: MeasureResponse) -> dict[str, Any]:
    definition = response.definition
    answers = {answer.link_id: answer for answer in response.answers.all()}
    found = plain(response, ("status", "source", "started_at", "taken_at", "completed_at", "band", "is_prorated"))
    return found | {
        "title": definition.title,
        "version": definition.version,
        "entered_by": response.entered_by.name,
        "screening_result": str(response.score) if response.score is not None else None,
        "answers": [
            {"question": item.text, "answer": item.label_of(answers[item.link_id].value) or "prefer not to answer"}
            for item in definition.items
            if item.link_id in answers
        ],
        "attribution": definition.attribution,
    }


def alerts_of(patient: Patient):
    rows = RiskAlert.objects.filter(patient=patient).select_related("acknowledged_by", "closed_by")
    return rows.prefetch_related("triggers", "attempts__by").order_by("opened_at", "pk")


def alert_facts(alert: RiskAlert) -> dict[str, Any]:
    return plain(alert, ("tier", "state", "opened_at", "acknowledged_at", "closed_at", "outcome", "closing_words")) | {
        "acknowledged_by": alert.acknowledged_by.name if alert.acknowledged_by else None,
        "closed_by": alert.closed_by.name if alert.closed_by else None,
        "triggers": [plain(row, ("kind", "at", "words")) for row in alert.triggers.all()],
        "attempts": [
            plain(row, ("at", "way", "reached", "left_message", "words")) | {"by": row.by.name}
            for row in alert.attempts.all()
        ],
    }


def assessment_facts(row: RiskAssessment) -> dict[str, Any]:
    names = (
        "at", "ideation", "frequency", "plan", "intent", "means_access", "past_attempts", "harm_to_others", "details",
        "protective_factors", "substance_use", "drivers", "judgement", "steps", "consulted", "next_contact_on",
    )  # fmt: skip
    return plain(row, names) | {"by": row.by.name}


def history_of(model: Any) -> QuerySet:
    """The history rows that the database keeps of ``model``."""
    return model.pgh_event_model.objects.all()


def following(patients: Collection[int]) -> set[int]:
    """Those of the patients who began to register or to answer, or about whom there is an alert or an assessment."""
    kept: set[int] = set()
    for model in (Registration, EmergencyContact, MeasureResponse, RiskAlert, RiskAssessment):
        kept.update(model.objects.filter(patient__in=patients).values_list("patient_id", flat=True))
    return kept


def erase(patient: Patient) -> int:
    """Delete registration and unfinished answers of ``patient`` with their history; returns how many rows went.

    Raises :class:`ClinicalRecordKept` where there is a clinical record. The caller decides whether the law allows it,
    holds the transaction and records it.
    """
    responses = MeasureResponse.objects.filter(patient=patient)
    if (
        responses.exclude(status=ResponseStatus.IN_PROGRESS).exists()
        or RiskAlert.objects.filter(patient=patient).exists()
        or RiskAssessment.objects.filter(patient=patient).exists()
    ):
        raise ClinicalRecordKept
    answered = list(responses.values_list("pk", flat=True))
    gone = 0
    for rows in (
        responses,
        Registration.objects.filter(patient=patient),
        EmergencyContact.objects.filter(patient=patient),
        # Deleting wrote history of its own, so the history goes last.
        history_of(Answer).filter(response_id__in=answered),
        history_of(MeasureResponse).filter(patient_id=patient.pk),
        history_of(Registration).filter(patient_id=patient.pk),
        history_of(EmergencyContact).filter(patient_id=patient.pk),
    ):
        gone += rows.delete()[0]
    return gone
