"""Which questions wait for a person, and what the person may read about earlier ones (clinical.md 2.2 "When", 7.2)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import Count
from django.utils import timezone

from intake.alerts import URGENT, too_few_answer
from intake.models import Answer, InstrumentVersion, MeasureResponse, RiskTrigger
from intake.models.measure import ResponseStatus
from practice.models import Appointment, Patient

# "Every session": asked for from this long before the next clinical visit, unless answered within that time.
BEFORE_SESSION = dt.timedelta(days=5)


@dataclass(frozen=True)
class Offer:
    """One questionnaire a person may answer now. ``is_due`` asks for it; the others may still be answered."""

    version: InstrumentVersion
    is_due: bool
    unfinished: MeasureResponse | None
    answered: int
    latest: MeasureResponse | None


def offers(patient: Patient) -> list[Offer]:
    """Every active questionnaire with where this person stands, in a number of queries that does not grow.

    One that can raise an alert is left out while too few people would answer it, unless it is under way.
    """
    now = timezone.now()
    rows = MeasureResponse.objects.filter(patient=patient).exclude(status=ResponseStatus.ENTERED_IN_ERROR)
    known: dict[int, list[MeasureResponse]] = {}
    for row in rows.select_related("version").defer("version__body").order_by("started_at", "pk"):
        known.setdefault(row.version.instrument_id, []).append(row)
    given = answers_given(patient)
    soon = has_visit_soon(patient, now)
    found = [
        offer(version, known.get(version.instrument_id, []), given, soon, now)
        for version in InstrumentVersion.objects.active()
    ]
    risky = [row for row in found if row.version.definition.is_risk_bearing and row.unfinished is None]
    return [row for row in found if row not in risky] if risky and too_few_answer(patient) else found


def has_visit_soon(patient: Patient, now: dt.datetime) -> bool:
    visits = Appointment.objects.coming().filter(patient=patient, type__is_clinical=True)
    return visits.filter(starts_at__lte=now + BEFORE_SESSION).exists()


def answers_given(patient: Patient) -> dict[int, int]:
    """How many answers each unfinished response holds, by its id."""
    rows = Answer.objects.filter(response__patient=patient, response__status=ResponseStatus.IN_PROGRESS)
    return dict(rows.values_list("response").annotate(Count("pk")))


def offer(
    version: InstrumentVersion, rows: list[MeasureResponse], given: dict[int, int], soon: bool, now: dt.datetime
) -> Offer:
    unfinished = next((row for row in rows if row.is_open and row.version_id == version.pk), None)
    finished = sorted((row for row in rows if not row.is_open), key=lambda row: (row.taken_at, row.pk))
    latest = finished[-1] if finished else None
    schedule = version.definition.schedule
    every_time = "every_session" in schedule and soon and (latest is None or latest.taken_at < now - BEFORE_SESSION)
    at_start = "intake" in schedule and latest is None
    return Offer(
        version=version,
        is_due=every_time or at_start or unfinished is not None,
        unfinished=unfinished,
        answered=given.get(unfinished.pk, 0) if unfinished else 0,
        latest=latest,
    )


def had_risk_answer(response: MeasureResponse) -> bool:
    """Whether this response set off an urgent alert; then its page shows help and never a result (clinical.md 7.2)."""
    return RiskTrigger.objects.filter(response=response, alert__tier__in=URGENT).exists()
