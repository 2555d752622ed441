"""Rules of registration: each step is saved on its own, in any order, and can be changed later (clinical.md 3.2).

Consents to e-mail and to text messages are separate and are recorded only when they change.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping

from django.utils import timezone

from intake import alerts, consent
from intake.models import EmergencyContact, Registration, RiskTrigger, Tier
from practice.action import action
from practice.audit import Action, record
from practice.consents import NOWHERE, Origin, latest_consents, record_consent
from practice.models import Patient, User
from practice.models.consent import ConsentType, Decision

STEPS = ("you", "home", "needs", "contact", "emergency")
ADULT = 18
OLDEST = 120


class NotAdult(Exception):
    """This version of the practice treats adults only; the person is asked to call."""


def age_on(born_on: dt.date, day: dt.date) -> int:
    """Whole years; somebody born on 29 February has a birthday on 1 March in other years."""
    return day.year - born_on.year - ((day.month, day.day) < (born_on.month, born_on.day))


@action
def begin(*, by: User, patient: Patient) -> Registration:
    """The person's registration, made when first asked for."""
    registration, created = Registration.objects.get_or_create(patient=patient)
    if created:
        record(by=by, action=Action.CREATE, obj=registration, patient=patient)
    return registration


def saved_step(by: User, patient: Patient, step: str, own: Mapping[str, object], facts: Mapping[str, object]) -> None:
    """Write one step: ``own`` fields of the registration, ``facts`` of the practice's patient row."""
    registration = begin(by=by, patient=patient)
    registration = Registration.objects.select_for_update().get(pk=registration.pk)
    for name, value in own.items():
        setattr(registration, name, value)
    if step not in registration.done:
        registration.done = [known for known in STEPS if known in registration.done or known == step]
    registration.save()
    row = Patient.objects.select_for_update(no_key=True).get(pk=patient.pk)
    for name, value in facts.items():
        setattr(row, name, value)
    if facts:
        row.save(update_fields=list(facts))
    record(by=by, action=Action.CHANGE, obj=registration, patient=patient, detail={"step": step})
    finish_if_complete(patient)


@action
def save_you(
    *, by: User, patient: Patient, first_name: str, last_name: str, name_to_use: str, pronouns: str, born_on: dt.date
) -> None:
    """Name and date of birth. Raises :class:`NotAdult` under 18."""
    if age_on(born_on, timezone.now().date()) < ADULT:
        raise NotAdult
    facts = {
        "first_name": first_name,
        "last_name": last_name,
        "name_to_use": name_to_use,
        "pronouns": pronouns,
        "born_on": born_on,
    }
    saved_step(by, patient, "you", {}, facts)


@action
def save_home(
    *,
    by: User,
    patient: Patient,
    street: str,
    city: str,
    state: str,
    postal_code: str,
    country: str,
    time_zone: str,
    sex_recorded: str,
    gender: str,
) -> None:
    """Address, time zone, and what an insurer has on file."""
    own = {
        "street": street,
        "city": city,
        "state": state,
        "postal_code": postal_code,
        "country": country,
        "sex_recorded": sex_recorded,
        "gender": gender,
    }
    saved_step(by, patient, "home", own, {"time_zone": time_zone})
    if patient.user_id:
        User.objects.filter(pk=patient.user_id).update(time_zone=time_zone)


@action
def save_needs(
    *, by: User, patient: Patient, language: str, needs_interpreter: bool, needs: Iterable[str], other_needs: str
) -> None:
    """Language, interpreter, and what makes visits easier; staff read the latter in one line on the visit."""
    chosen = list(needs)
    own = {"language": language, "needs_interpreter": needs_interpreter, "access_needs": chosen}
    words = [str(Registration.AccessNeed(need).label) for need in chosen] + ([other_needs] if other_needs else [])
    saved_step(by, patient, "needs", own, {"access_needs": ", ".join(words)[:300]})


@action
def save_contact(
    *,
    by: User,
    patient: Patient,
    phone: str,
    may_email: bool,
    may_text: bool,
    voicemail: str,
    prefers: str,
    sending_from: dt.time | None,
    sending_until: dt.time | None,
    contact_notes: str,
    do_not_contact: str,
    origin: Origin = NOWHERE,
) -> None:
    """How the person may be reached. Each channel's consent is its own record, written when it changes."""
    own = {"prefers": prefers, "contact_notes": contact_notes}
    facts = {
        "phone": phone,
        "voicemail": voicemail,
        "sending_from": sending_from,
        "sending_until": sending_until,
        "do_not_contact": do_not_contact,
    }
    saved_step(by, patient, "contact", own, facts)
    latest = latest_consents(patient)
    wishes = {
        ConsentType.EMAIL: (may_email, {}),
        ConsentType.SMS: (may_text, {}),
        ConsentType.VOICEMAIL: (voicemail != "no", {"level": voicemail}),
    }
    for type, (agreed, scope) in wishes.items():
        before = latest.get(type)
        if before is None or consent.is_given(before) != agreed or (agreed and before.scope != scope):
            decision = (
                Decision.GIVEN if agreed else (Decision.WITHDRAWN if consent.is_given(before) else Decision.REFUSED)
            )
            record_consent(by=by, patient=patient, type=type, decision=decision, scope=scope, origin=origin)


@action
def save_emergency(
    *,
    by: User,
    patient: Patient,
    name: str,
    relationship: str,
    phone: str,
    knows: bool | None,
    may_call: str,
    none_because: str,
    session_place: str,
) -> None:
    """Whom a clinician may call, or why there is nobody, which the therapist sees at the next review (R4)."""
    before = EmergencyContact.objects.filter(patient=patient).first()
    EmergencyContact.objects.update_or_create(
        patient=patient,
        defaults={
            "name": name,
            "relationship": relationship,
            "phone": phone,
            "knows": knows,
            "may_call": may_call,
            "none_because": none_because,
            "saved_at": timezone.now(),
        },
    )
    saved_step(by, patient, "emergency", {"session_place": session_place}, {})
    if none_because and (before is None or not before.none_because):
        alerts.add_trigger(by=by, patient=patient, tier=Tier.R4, kind=RiskTrigger.Kind.NO_EMERGENCY_CONTACT)


@action
def sign(
    *, by: User, patient: Patient, agreement: consent.Agreement, agrees: bool, signed_name: str, origin: Origin
) -> None:
    """Record the decision on one agreement; the same decision on the same words again changes nothing."""
    decision = Decision.GIVEN if agrees else Decision.REFUSED
    before = agreement.decision
    if before is None or before.decision != decision or before.text_id != agreement.text.pk:
        record_consent(
            by=by,
            patient=patient,
            type=agreement.text.type,
            decision=decision,
            text=agreement.text,
            signed_name=signed_name,
            origin=origin,
        )
    finish_if_complete(patient)


def finish_if_complete(patient: Patient) -> None:
    registration = Registration.objects.filter(patient=patient, finished_at__isnull=True).first()
    if registration and set(STEPS) <= set(registration.done) and not consent.undecided(patient):
        registration.finished_at = timezone.now()
        registration.save(update_fields=["finished_at"])


def next_place(patient: Patient) -> tuple[str, str]:
    """Where registration goes on: ("step", name), ("agreement", slug), or ("done", "")."""
    registration = Registration.objects.filter(patient=patient).first()
    done = registration.done if registration else []
    for step in STEPS:
        if step not in done:
            return ("step", step)
    open_rows = consent.undecided(patient)
    return ("agreement", open_rows[0].slug) if open_rows else ("done", "")
