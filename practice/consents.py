"""Rules of consents: what somebody decided is a new row, always with the exact words it was decided on.

The newest row of a type is the one in force (clinical.md 3.4). Refusing e-mail or text messages never blocks care
(clinical.md 0.3 rule 5); this module only records, the guards of care stand with the apps that need them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from practice.action import action
from practice.audit import Action, record
from practice.models import ConsentRecord, ConsentText, Patient, User
from practice.models.consent import ConsentType, Decision


class NothingToWithdraw(Exception):
    """Only a consent that is given can be withdrawn."""


@dataclass(frozen=True)
class Origin:
    """Where a decision came from: the channel, and for the web the address and browser it was made with."""

    channel: str = ConsentRecord.Channel.WEB
    ip: str | None = None
    user_agent: str = ""


NOWHERE = Origin()


def current_text(type: str, language: str = "en") -> ConsentText | None:
    """The newest published words of a consent type, in English where ``language`` has none."""
    texts = ConsentText.objects.filter(type=type, published_at__lte=timezone.now()).order_by("-version")
    return texts.filter(language=language).first() or texts.filter(language="en").first()


def current_texts(language: str = "en", types: Sequence[str] = tuple(ConsentType)) -> dict[str, ConsentText]:
    """The newest published words of those of ``types`` that have any, in one query."""
    texts = ConsentText.objects.filter(type__in=types, published_at__lte=timezone.now(), language__in={language, "en"})
    found: dict[str, ConsentText] = {}
    for text in texts.order_by("version"):
        known = found.get(text.type)
        if known is None or text.language == language or known.language != language:
            found[text.type] = text
    return found


@action
def record_consent(
    *,
    by: User | None,
    patient: Patient,
    type: str,
    decision: str,
    text: ConsentText | None = None,
    signed_name: str = "",
    origin: Origin = NOWHERE,
    scope: Mapping[str, Any] | None = None,
) -> ConsentRecord:
    """Add what ``patient`` decided about ``type``; ``by`` is None for a visitor who books without an account.

    ``text`` are the words that were shown, the newest by default; their hash is copied into the row. A withdrawal
    keeps the words of what it takes back. Raises :class:`NothingToWithdraw`.
    """
    if decision == Decision.WITHDRAWN:
        given = active_consents(patient).get(type)
        if given is None:
            raise NothingToWithdraw(type)
        text = text or given.text
    consent = new_consent(by, patient, type, decision, text or current_text(type), origin)
    consent.scope, consent.signed_name = dict(scope or {}), signed_name
    consent.save()
    record_decision(by=by, consent=consent)
    return consent


def give(*, by: User | None, patient: Patient, types: Sequence[str], origin: Origin = NOWHERE) -> None:
    """Record that ``patient`` has just agreed to ``types``, on their newest words (inside an action)."""
    texts = current_texts(types=types) if types else {}
    given = [new_consent(by, patient, type, Decision.GIVEN, texts.get(type), origin) for type in types]
    for consent in ConsentRecord.objects.bulk_create(given):
        record_decision(by=by, consent=consent)


def new_consent(
    by: User | None, patient: Patient, type: str, decision: str, text: ConsentText | None, origin: Origin
) -> ConsentRecord:
    """The row, not yet written."""
    return ConsentRecord(
        patient=patient,
        type=ConsentType(type),
        decision=Decision(decision),
        text=text,
        text_sha256=text.sha256 if text else "",
        at=timezone.now(),
        zone=patient.time_zone,
        channel=origin.channel,
        actor=by,
        ip=origin.ip,
        user_agent=origin.user_agent[:300],
    )


def record_decision(*, by: User | None, consent: ConsentRecord) -> None:
    detail = {"type": consent.type, "decision": consent.decision}
    record(by=by, action=Action.CONSENT, obj=consent, patient=consent.patient_id, detail=detail)


@action
def withdraw_consent(*, by: User, patient: Patient, type: str, origin: Origin = NOWHERE) -> ConsentRecord:
    """Take a given consent back; a new row. Raises :class:`NothingToWithdraw`."""
    return record_consent(by=by, patient=patient, type=type, decision=Decision.WITHDRAWN, origin=origin)


def latest_consents(patient: Patient) -> dict[str, ConsentRecord]:
    """The newest decision about each type, refusals and withdrawals included; one query."""
    return {row.type: row for row in ConsentRecord.objects.latest_by_type(patient).select_related("text")}


def active_consents(patient: Patient) -> dict[str, ConsentRecord]:
    """The consents that are given today, by type; one query."""
    return {type: row for type, row in latest_consents(patient).items() if row.decision == Decision.GIVEN}
