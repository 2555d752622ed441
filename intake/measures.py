"""Rules of answering: every answer is saved on its own, checked against the edition, and acted on when it is saved.

A risk answer opens an alert in the same transaction that stores it, even if nobody ever submits the questionnaire
(clinical.md 0.3 rules 2 and 3, vectors T17 to T24).
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.db.models import Prefetch
from django.utils import timezone

from intake import alert_rules, alerts
from intake.definition import AlertRule, Definition, Item
from intake.models import Answer, InstrumentVersion, MeasureResponse, RiskTrigger
from intake.models.measure import ResponseStatus
from intake.scoring import AnswerRejected, Change, Score, change, checked, rounded, score
from practice.action import action
from practice.audit import Action, record
from practice.models import Patient, User

__all__ = [
    "AnswerRejected",
    "NotAnswered",
    "NotOffered",
    "Result",
    "ResponseClosed",
    "Saved",
    "Summary",
    "complete",
    "correct_answer",
    "enter_on_paper",
    "history",
    "measures_for_note",
    "save_answer",
    "start_response",
]

KIND_OF_RULE = {
    "item_at_least": RiskTrigger.Kind.ANSWER,
    "item_missing": RiskTrigger.Kind.NOT_ANSWERED,
    "score_at_least": RiskTrigger.Kind.SCORE,
    "score_rise": RiskTrigger.Kind.RISE,
}


class NotOffered(Exception):
    """This edition is not in use, or its answers can raise an alert and too few people would answer it."""


class ResponseClosed(Exception):
    """The response is finished; answers change only by a correction."""


class ResponseOpen(Exception):
    """The response is not finished; there is nothing to correct yet."""


class NotAnswered(Exception):
    """Items are neither answered nor skipped; ``link_id`` is the first of them."""

    def __init__(self, link_id: str) -> None:
        super().__init__(link_id)
        self.link_id = link_id


@dataclass(frozen=True)
class Saved:
    """A stored answer. ``needs_crisis_help`` says that the very next screen must be the crisis screen."""

    answer: Answer
    needs_crisis_help: bool


def may_begin(patient: Patient, version: InstrumentVersion) -> bool:
    """Whether enough people would answer what this edition can raise (clinical.md 7.3)."""
    return not (version.definition.is_risk_bearing and alerts.too_few_answer(patient))


# -- Answering --------------------------------------------------------------------------------------------------------
@action
def start_response(*, by: User, patient: Patient, version: InstrumentVersion) -> MeasureResponse:
    """Begin, or go on with, the patient's own unfinished response. Raises :class:`NotOffered`."""
    if not version.is_active:
        raise NotOffered
    own = MeasureResponse.objects.filter(
        patient=patient, version=version, status=ResponseStatus.IN_PROGRESS, source=MeasureResponse.Source.PATIENT
    )
    if not own.exists() and not may_begin(patient, version):
        raise NotOffered
    response, created = MeasureResponse.objects.get_or_create(
        patient=patient,
        version=version,
        status=ResponseStatus.IN_PROGRESS,
        source=MeasureResponse.Source.PATIENT,
        defaults={"entered_by": by},
    )
    if created:
        record(by=by, action=Action.CREATE, obj=response, patient=patient)
    return response


def locked(response: MeasureResponse) -> MeasureResponse:
    rows = MeasureResponse.objects.select_for_update(of=("self",)).select_related("patient", "version")
    return rows.get(pk=response.pk)


@action
def save_answer(
    *, by: User, response: MeasureResponse, item: str, value: int | None = None, skipped: bool = False
) -> Saved:
    """Store one answer of an unfinished response: a ``value`` the item offers, or ``skipped``.

    The same answer again changes nothing. Raises :class:`AnswerRejected` (nothing is stored, vector T20) and
    :class:`ResponseClosed`.
    """
    response = locked(response)
    if not response.is_open:
        raise ResponseClosed
    return store(by=by, response=response, link_id=item, value=value, skipped=skipped)


def store(*, by: User, response: MeasureResponse, link_id: str, value: int | None, skipped: bool) -> Saved:
    """Check, write and act on one answer of a locked response."""
    item = item_of(response.definition, link_id)
    clean = None if skipped else checked(item, value)
    before = Answer.objects.filter(response=response, link_id=link_id).first()
    rules = alert_rules.on_save(response.definition, link_id, clean)
    needs_help = any(rule.tier in alerts.CRISIS_TIERS for rule in rules)
    if before is not None and (before.value, before.is_skipped) == (clean, skipped):
        return Saved(before, needs_help)
    answer, _created = Answer.objects.update_or_create(
        response=response,
        link_id=link_id,
        defaults={"value": clean, "is_skipped": skipped, "saved_by": by, "saved_at": timezone.now()},
    )
    record(by=by, action=Action.CHANGE, obj=response, patient=response.patient_id, detail={"item": link_id})
    old = before.value if before else None
    if before is not None:
        alerts.show_correction(by=by, response=response, link_id=link_id, before=old, after=clean)
    for rule in rules:
        raise_by_rule(by=by, response=response, rule=rule, value=clean, previous=old)
    return Saved(answer, needs_help)


def item_of(definition: Definition, link_id: str) -> Item:
    """The item of that id. Raises :class:`AnswerRejected` for one the edition does not have."""
    if link_id not in definition.by_id:
        raise AnswerRejected(link_id)
    return definition.by_id[link_id]


def raise_by_rule(
    *, by: User, response: MeasureResponse, rule: AlertRule, value: int | None = None, previous: int | None = None
) -> None:
    alerts.add_trigger(
        by=by,
        patient=response.patient,
        tier=rule.tier,
        kind=KIND_OF_RULE[rule.kind],
        response=response,
        rule=rule.when,
        link_id=rule.subject if rule.kind.startswith("item") else "",
        value=value,
        previous_value=previous,
    )


@action
def complete(*, by: User, response: MeasureResponse) -> MeasureResponse:
    """Finish a response: score it and apply the rules for the whole. A finished one is returned as it is.

    Every scored item must be answered or skipped, or :class:`NotAnswered` names the first that is not.
    """
    response = locked(response)
    if not response.is_open:
        return response
    known = set(response.answers.values_list("link_id", flat=True))
    for item in response.definition.items:
        if item.is_scored and item.link_id not in known:
            raise NotAnswered(item.link_id)
    now = timezone.now()
    return finish(by=by, response=response, status=ResponseStatus.COMPLETED, taken_at=now, completed_at=now)


def finish(
    *, by: User, response: MeasureResponse, status: str, taken_at: dt.datetime, completed_at: dt.datetime
) -> MeasureResponse:
    """Score a locked response, set its state, and raise what the whole sets off and has not set off before."""
    answers = answers_of(response)
    response.status, response.taken_at, response.completed_at = status, taken_at, completed_at
    set_score(response, score(response.definition, answers))
    response.save()
    record(by=by, action=Action.CHANGE, obj=response, patient=response.patient_id, detail={"status": status})
    before = previous_of(response)
    fired = set(RiskTrigger.objects.filter(response=response).values_list("rule", flat=True))
    for rule in alert_rules.on_submit(response.definition, answers, before.compared if before else None):
        if rule.when not in fired:
            earlier = before.compared if before and rule.kind == "score_rise" else None
            raise_by_rule(by=by, response=response, rule=rule, value=response.compared, previous=earlier)
    return response


def set_score(response: MeasureResponse, found: Score | None) -> None:
    response.compared = found.compared if found else None
    response.score = rounded(found.value, 3) if found else None
    response.band = found.band if found else ""
    response.is_prorated = bool(found and found.is_prorated)
    scored = response.definition.scale.items
    response.missing = len(scored) - response.answers.filter(link_id__in=scored, value__isnull=False).count()


def previous_of(response: MeasureResponse) -> MeasureResponse | None:
    """The last scored response of the same instrument that was taken before this one."""
    rows = MeasureResponse.objects.counted().filter(
        patient=response.patient_id,
        version__instrument=response.version.instrument_id,
        compared__isnull=False,
        taken_at__lt=response.taken_at,
    )
    return rows.exclude(pk=response.pk).order_by("-taken_at", "-pk").first()


def answers_of(response: MeasureResponse) -> dict[str, int | None]:
    return dict(response.answers.values_list("link_id", "value"))


@action
def correct_answer(
    *, by: User, response: MeasureResponse, item: str, value: int | None = None, skipped: bool = False
) -> Saved:
    """Correct one answer of a finished response: the score is made anew, the old answer stays in history.

    An alert that the answer or the total had set off stays open and shows the correction (vector T24). Raises
    :class:`AnswerRejected` and :class:`ResponseOpen`.
    """
    response = locked(response)
    if response.is_open or response.status == ResponseStatus.ENTERED_IN_ERROR:
        raise ResponseOpen
    known, total = Answer.objects.filter(response=response, link_id=item).first(), response.compared
    saved = store(by=by, response=response, link_id=item, value=value, skipped=skipped)
    if known is None or (known.value, known.is_skipped) != (saved.answer.value, saved.answer.is_skipped):
        set_off = alerts.set_off_by_total(response)
        finish(
            by=by,
            response=response,
            status=ResponseStatus.AMENDED,
            taken_at=response.taken_at,
            completed_at=response.completed_at,
        )
        if response.compared != total:
            alerts.show_new_total(by=by, set_off=set_off, response=response, before=total, after=response.compared)
    return saved


@action
def enter_on_paper(
    *,
    by: User,
    patient: Patient,
    version: InstrumentVersion,
    answers: Mapping[str, int | None],
    taken_on: dt.date,
    token: uuid.UUID | None = None,
) -> tuple[MeasureResponse, bool]:
    """Enter a questionnaire that was answered on paper; ``None`` is an item left empty.

    Returns the response and whether a clinician has been alerted, which is all that the person entering may learn
    (vector T22). The same ``token`` again returns the same response. Raises :class:`AnswerRejected` and
    :class:`NotOffered`; then nothing is stored.
    """
    if not version.is_active:
        raise NotOffered
    now = timezone.now()
    Patient.objects.select_for_update(no_key=True).get(pk=patient.pk)  # the same form sent twice comes one by one
    known = MeasureResponse.objects.filter(form_token=token, patient=patient).first() if token else None
    if known is not None:
        return known, RiskTrigger.objects.filter(response=known).exists()
    if not may_begin(patient, version):
        raise NotOffered
    response = MeasureResponse.objects.create(
        patient=patient,
        version=version,
        source=MeasureResponse.Source.PAPER,
        entered_by=by,
        form_token=token,
        started_at=now,
    )
    for item in version.definition.items:
        value = answers.get(item.link_id)
        if item.is_scored or value is not None:
            store(by=by, response=response, link_id=item.link_id, value=value, skipped=value is None)
    noon = dt.datetime.combine(taken_on, dt.time(12), ZoneInfo(patient.time_zone))
    finish(
        by=by, response=response, status=ResponseStatus.COMPLETED, taken_at=min(noon, now), completed_at=timezone.now()
    )
    return response, RiskTrigger.objects.filter(response=response).exists()


# -- Reading ----------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Result:
    """One counted response with its score and how it moved; ``score`` is None where too much was missing."""

    response: MeasureResponse
    answers: Mapping[str, int | None]
    score: Score | None
    since_previous: Change | None
    since_baseline: Change | None


@dataclass(frozen=True)
class Summary:
    """What a note prints of one instrument. ``baseline`` is the first scored result, ``previous`` the one before."""

    definition: Definition
    latest: Result
    baseline: Result | None
    previous: Result | None


def history(patient: Patient, slug: str | None = None) -> dict[str, list[Result]]:
    """Every counted response of ``patient`` by instrument slug, oldest first, in two queries."""
    rows = MeasureResponse.objects.counted().filter(patient=patient)
    if slug:
        rows = rows.of(slug)
    rows = rows.select_related("version__instrument", "entered_by").prefetch_related(
        Prefetch("answers", Answer.objects.order_by("pk"))
    )
    by_slug: dict[str, list[MeasureResponse]] = {}
    for row in rows.order_by("taken_at", "pk"):
        by_slug.setdefault(row.version.instrument.slug, []).append(row)
    return {key: list(results(found)) for key, found in sorted(by_slug.items(), reverse=False)}


def results(responses: Iterable[MeasureResponse]) -> Iterable[Result]:
    """The responses of one instrument, oldest first, each compared with the first and with the one before."""
    first: Score | None = None
    last: Score | None = None
    for response in responses:
        answers = {answer.link_id: answer.value for answer in response.answers.all()}
        found = score(response.definition, answers)
        moved = found is not None and last is not None and first is not None
        yield Result(
            response=response,
            answers=answers,
            score=found,
            since_previous=change(response.definition, last.compared, found.compared) if moved else None,
            since_baseline=change(response.definition, first.compared, found.compared) if moved else None,
        )
        if found is not None:
            first, last = first or found, found


def measures_for_note(patient: Patient) -> dict[str, Summary]:
    """The latest result of each instrument with the baseline and the one before, by slug; two queries."""
    found = {}
    for slug, entries in history(patient).items():
        latest, scored = entries[-1], [entry for entry in entries[:-1] if entry.score]
        found[slug] = Summary(
            definition=latest.response.definition,
            latest=latest,
            baseline=scored[0] if scored else None,
            previous=scored[-1] if scored else None,
        )
    return found


def result_of(response: MeasureResponse) -> Result:
    """One counted response among its siblings."""
    entries = history(response.patient, response.version.instrument.slug)[response.version.instrument.slug]
    return next(entry for entry in entries if entry.response.pk == response.pk)
