"""Rules of risk alerts: they open when an answer is saved, gather what bears on them, and only people close them.

One open alert per patient and tier; a new trigger joins it. Corrections show on it and never close it (clinical.md 7.3,
vector T24). Nothing here computes a risk level: the judgement is a clinician's own choice.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from zoneinfo import ZoneInfo

from django.utils import timezone

from intake.alert_clock import OpeningHours, acknowledge_by
from intake.models import (
    AlertAttempt,
    AlertResponder,
    AlertState,
    MeasureResponse,
    RiskAlert,
    RiskAssessment,
    RiskResponder,
    RiskTrigger,
    Tier,
)
from intake.models.alert import RiskAlertQuerySet
from practice.action import action
from practice.audit import Action, record
from practice.models import CareAssignment, Patient, Practice, User
from practice.models.message import Channel
from practice.outbox import plan
from practice.roles import CLINICIANS
from practice.zone import today_in

TASK = "task"
FEWEST_RESPONDERS = 2
URGENT = (Tier.R0, Tier.R1)
CRISIS_TIERS = frozenset(URGENT)  # an answer of these tiers shows the person crisis help at once
TREATS = (CareAssignment.CareRole.TREATING, CareAssignment.CareRole.COVER)


class AlertClosed(Exception):
    """The alert is closed; what happens next belongs to a new one."""


class NotSeenYet(Exception):
    """Somebody must acknowledge the alert before anything is done about it."""


class NotAssessed(Exception):
    """An alert closes after an assessment, or after recorded tries that did not reach the person, with a plan."""


class NotAClinician(Exception):
    """Alerts are answered by clinicians."""


# -- Who answers ------------------------------------------------------------------------------------------------------
def second_responders() -> list[User]:
    """Clinicians the practice named to answer alerts beside the treating therapist, in a fixed order."""
    rows = RiskResponder.objects.filter(is_active=True, user__is_active=True)
    roles = [role.value for role in CLINICIANS]
    rows = rows.filter(user__staff_roles__role__in=roles).distinct()
    return [row.user for row in rows.select_related("user").order_by("pk")]


def treating_clinicians(patient: Patient) -> list[User]:
    assignments = CareAssignment.objects.running().filter(patient=patient, role__in=TREATS, clinician__is_active=True)
    return list({a.clinician: None for a in assignments.select_related("clinician").order_by("pk")})


def responders_for(patient: Patient, tier: str) -> list[tuple[User, str]]:
    """Who is told: whoever treats, and for an urgent tier a second responder; two people in any case then."""
    told = [(user, AlertResponder.Part.TREATING) for user in treating_clinicians(patient)]
    wanted = max(2 - len(told), 1) if tier in URGENT else (0 if told else 1)
    known = {user.pk for user, _part in told}
    spare = [user for user in second_responders() if user.pk not in known]
    return [*told, *((user, AlertResponder.Part.SECOND) for user in spare[:wanted])]


def too_few_answer(patient: Patient) -> bool:
    """Whether an urgent alert about ``patient`` would reach fewer than two people, or has no hours to be seen in.

    Then no question that can raise one is begun (clinical.md 7.3); what is under way goes on.
    """
    return len(responders_for(patient, Tier.R1)) < FEWEST_RESPONDERS or opening_hours() is None


@action
def name_responder(*, by: User | None, user: User) -> RiskResponder:
    """Make a clinician a second responder for the whole practice. Raises :class:`NotAClinician`."""
    if not user.roles & CLINICIANS:
        raise NotAClinician
    responder, _created = RiskResponder.objects.update_or_create(user=user, defaults={"is_active": True})
    record(by=by, action=Action.ACCESS_CHANGE, obj=responder)
    return responder


# -- How an alert opens and grows -------------------------------------------------------------------------------------
def opening_hours() -> OpeningHours | None:
    practice = Practice.objects.first()
    if practice is None or not practice.opening_hours or practice.opens_at >= practice.closes_at:
        return None
    return OpeningHours(practice.opens_at, practice.closes_at, ZoneInfo(practice.time_zone))


def today_here() -> dt.date:
    """The practice's own date, by which its clinicians name the day of a next contact."""
    practice = Practice.objects.first()
    return today_in(practice.time_zone if practice else "UTC")


def due_at(tier: str, now: dt.datetime) -> dt.datetime | None:
    hours = opening_hours()
    return acknowledge_by(tier, now, hours) if hours else now


def add_trigger(
    *,
    by: User | None,
    patient: Patient,
    tier: str,
    kind: str,
    response: MeasureResponse | None = None,
    rule: str = "",
    link_id: str = "",
    value: int | None = None,
    previous_value: int | None = None,
    words: str = "",
) -> RiskAlert:
    """Put a fact before the responders: on the open alert of its tier, or on a new one. Called inside an action."""
    # One writer per patient, or two answers saved at once would both open an alert.
    Patient.objects.select_for_update(no_key=True).get(pk=patient.pk)
    now = timezone.now()
    # Somebody may be closing the open one: the lock waits for them and looks at the state again.
    alert = RiskAlert.objects.select_for_update(no_key=True).open().filter(patient=patient, tier=tier).first()
    if alert is None:
        alert = RiskAlert.objects.create(patient=patient, tier=tier, opened_at=now, due_at=due_at(tier, now))
        AlertResponder.objects.bulk_create(
            AlertResponder(alert=alert, user=user, part=part, at=now) for user, part in responders_for(patient, tier)
        )
    trigger = RiskTrigger.objects.create(
        alert=alert,
        kind=kind,
        response=response,
        rule=rule,
        link_id=link_id,
        value=value,
        previous_value=previous_value,
        words=words,
        by=by,
        at=now,
    )
    record(by=by, action=Action.ALERT, obj=alert, patient=patient, detail={"trigger": trigger.pk})
    tell(alert, trigger)
    return alert


def tell(alert: RiskAlert, trigger: RiskTrigger) -> None:
    """Plan the neutral e-mail to everybody named on the alert; what waits for the next review needs none."""
    if alert.tier == Tier.R4:
        return
    for named in alert.responders.select_related("user"):
        plan(kind=TASK, channel=Channel.EMAIL, user=named.user, about=trigger, due_at=trigger.at)


def show_correction(
    *, by: User, response: MeasureResponse, link_id: str, before: int | None, after: int | None
) -> None:
    """Write a corrected answer onto every open alert it had set off; the alert stays as open as it was."""
    set_off = RiskTrigger.objects.filter(response=response, link_id=link_id).values("alert")
    for alert in RiskAlert.objects.open().filter(pk__in=set_off):
        RiskTrigger.objects.create(
            alert=alert,
            kind=RiskTrigger.Kind.CORRECTION,
            response=response,
            link_id=link_id,
            value=after,
            previous_value=before,
            by=by,
            at=timezone.now(),
        )


def set_off_by_total(response: MeasureResponse) -> list[RiskAlert]:
    """The open alerts that the total of this response has set off, alone or against the one before."""
    by_total = (RiskTrigger.Kind.SCORE, RiskTrigger.Kind.RISE)
    triggers = RiskTrigger.objects.filter(response=response, kind__in=by_total)
    return list(RiskAlert.objects.open().filter(pk__in=triggers.values("alert")))


def show_new_total(
    *, by: User, set_off: Iterable[RiskAlert], response: MeasureResponse, before: int | None, after: int | None
) -> None:
    """Write a corrected total onto the open alerts the old one had set off; each stays as open as it was."""
    for alert in set_off:
        RiskTrigger.objects.create(
            alert=alert,
            kind=RiskTrigger.Kind.CORRECTION,
            response=response,
            value=after,
            previous_value=before,
            by=by,
            at=timezone.now(),
        )


@action
def ask_for_help_now(*, by: User, response: MeasureResponse) -> RiskAlert:
    """The person pressed "I need help now" after a risk answer: an immediate alert."""
    return add_trigger(by=by, patient=response.patient, tier=Tier.R0, kind=RiskTrigger.Kind.HELP_NOW, response=response)


@action
def say_safe_for_now(*, by: User, response: MeasureResponse) -> None:
    """The person pressed "I am safe for now": a fact on the open alerts of this response, and nothing else."""
    for alert in RiskAlert.objects.open().filter(triggers__response=response, tier__in=URGENT).distinct():
        RiskTrigger.objects.create(
            alert=alert, kind=RiskTrigger.Kind.SAFE_FOR_NOW, response=response, by=by, at=timezone.now()
        )


@action
def mark_by_clinician(*, by: User, patient: Patient, tier: str, words: str) -> RiskAlert:
    """A clinician raises an alert by hand (clinical.md 7.3 R1 "therapist marks"). Raises :class:`NotAClinician`."""
    require_clinician(by)
    return add_trigger(by=by, patient=patient, tier=Tier(tier), kind=RiskTrigger.Kind.CLINICIAN, words=words[:300])


# -- What people do about it ------------------------------------------------------------------------------------------
def require_clinician(user: User) -> None:
    if not user.roles & CLINICIANS:
        raise NotAClinician


def locked(alert: RiskAlert) -> RiskAlert:
    """The alert, locked and read again. Raises :class:`AlertClosed`."""
    # The alert alone: with the patient's row too, closing and a new trigger would each wait for the other.
    alert = RiskAlert.objects.select_for_update(of=("self",)).select_related("patient").get(pk=alert.pk)
    if not alert.is_open:
        raise AlertClosed
    return alert


@action
def acknowledge(*, by: User, alert: RiskAlert) -> RiskAlert:
    """A clinician has seen it and takes it on. The first one stays recorded; asking again changes nothing."""
    require_clinician(by)
    alert = locked(alert)
    if alert.acknowledged_at is None:
        alert.acknowledged_at, alert.acknowledged_by = timezone.now(), by
        alert.state = AlertState.ACKNOWLEDGED
        alert.save(update_fields=["acknowledged_at", "acknowledged_by", "state"])
        record(by=by, action=Action.ACKNOWLEDGE, obj=alert, patient=alert.patient)
    return alert


@action
def record_attempt(
    *, by: User, alert: RiskAlert, way: str, reached: bool, left_message: bool = False, words: str = ""
) -> AlertAttempt:
    """Note one try to reach the person. Raises :class:`NotSeenYet` and :class:`AlertClosed`."""
    require_clinician(by)
    alert = locked(alert)
    if alert.acknowledged_at is None:
        raise NotSeenYet
    attempt = AlertAttempt.objects.create(
        alert=alert, way=way, reached=reached, left_message=left_message and not reached, words=words, by=by
    )
    if alert.state == AlertState.ACKNOWLEDGED:
        alert.state = AlertState.CONTACTING
        alert.save(update_fields=["state"])
    record(by=by, action=Action.CREATE, obj=attempt, patient=alert.patient)
    return attempt


@action
def assess(
    *,
    by: User,
    alert: RiskAlert | None = None,
    patient: Patient | None = None,
    ideation: str,
    plan: str,
    intent: str,
    means_access: str,
    past_attempts: str,
    harm_to_others: str,
    judgement: str,
    steps: Iterable[str],
    frequency: str = "",
    details: str = "",
    protective_factors: str = "",
    substance_use: str = "",
    drivers: str = "",
    consulted: str = "",
    next_contact_on: dt.date | None = None,
) -> RiskAssessment:
    """Record a clinician's structured assessment, of an ``alert`` or, from a session note, of a ``patient``.

    ``judgement`` is what the clinician chose. ``next_contact_on`` may only be missing where ``steps`` holds
    ``emergency`` (clinical.md 7.4). Assessing an alert that nobody has seen also acknowledges it.
    Raises :class:`AlertClosed`, :class:`NotAClinician`.
    """
    require_clinician(by)
    if alert is not None:
        alert = acknowledge(by=by, alert=alert)
        patient = alert.patient
    if patient is None:
        raise TypeError("assess() needs an alert or a patient")
    assessment = RiskAssessment.objects.create(
        patient=patient,
        alert=alert,
        by=by,
        ideation=ideation,
        frequency=frequency,
        plan=plan,
        intent=intent,
        means_access=means_access,
        past_attempts=past_attempts,
        harm_to_others=harm_to_others,
        details=details,
        protective_factors=protective_factors,
        substance_use=substance_use,
        drivers=drivers,
        judgement=judgement,
        steps=list(steps),
        consulted=consulted,
        next_contact_on=next_contact_on,
    )
    if alert is not None:
        alert.state = AlertState.ASSESSED
        alert.save(update_fields=["state"])
    record(by=by, action=Action.CREATE, obj=assessment, patient=patient)
    return assessment


@action
def close(*, by: User, alert: RiskAlert, outcome: str, words: str, signature: str) -> RiskAlert:
    """Close an alert by a person's word: outcome, a sentence, and the typed name.

    Needs an assessment, or, as ``not_reached``, a recorded try with the plan in ``words``. Raises :class:`NotAssessed`.
    """
    require_clinician(by)
    alert = locked(alert)
    tried = outcome == RiskAlert.Outcome.NOT_REACHED and alert.attempts.exists()
    if alert.state != AlertState.ASSESSED and not tried:
        raise NotAssessed
    alert.state = AlertState.CLOSED
    alert.closed_at, alert.closed_by = timezone.now(), by
    alert.outcome, alert.closing_words, alert.closing_signature = outcome, words, signature
    alert.save(update_fields=["state", "closed_at", "closed_by", "outcome", "closing_words", "closing_signature"])
    record(by=by, action=Action.SIGN, obj=alert, patient=alert.patient, detail={"closed": True})
    return alert


# -- Reading ----------------------------------------------------------------------------------------------------------
def waiting_for(user: User) -> RiskAlertQuerySet:
    """The open alerts ``user`` may answer, most pressing first, with what the list prints."""
    rows = RiskAlert.objects.visible_to(user).open().by_due()
    return rows.select_related("patient", "acknowledged_by")


def open_alerts(patient: Patient) -> RiskAlertQuerySet:
    """The open alerts of one person, most pressing first."""
    return RiskAlert.objects.open().filter(patient=patient).by_due()


def has_new(user: User) -> int:
    """How many alerts ``user`` may answer nobody has seen yet; one query."""
    return RiskAlert.objects.visible_to(user).filter(state=AlertState.OPEN).count()
