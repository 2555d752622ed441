"""Rules of instruments: how an edition comes in, and when it may be put before people (clinical.md 2.5, 7.3)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.utils import timezone

from intake import alerts
from intake.definition import licence_problem, parse
from intake.models import Instrument, InstrumentVersion
from practice.action import action
from practice.audit import Action, record
from practice.models import User

FOLDER = Path(__file__).parent / "instruments"


class NotActivated(Exception):
    """The edition may not be used; the text says why."""


def bodies(folder: Path = FOLDER) -> list[dict[str, Any]]:
    """Every instrument file of ``folder``, by name."""
    return [json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))]


@action
def load(*, by: User | None, body: Mapping[str, Any]) -> InstrumentVersion:
    """Bring one edition in, not active; the same edition again changes nothing. Raises definition.BadDefinition.

    An edition nobody has answered is replaced by other words under the same number; one that was answered is fixed.
    """
    definition = parse(body)
    checksum = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
    instrument, _created = Instrument.objects.get_or_create(slug=definition.slug, defaults={"title": definition.title})
    version, created = InstrumentVersion.objects.get_or_create(
        instrument=instrument,
        language=definition.language,
        version=definition.version,
        defaults={"body": dict(body), "checksum": checksum, "licence_status": definition.licence["status"]},
    )
    if not created and version.checksum != checksum:
        version.body, version.checksum = dict(body), checksum
        version.licence_status = definition.licence["status"]
        version.save(update_fields=["body", "checksum", "licence_status"])
    return version


def activate(*, by: User | None, version: InstrumentVersion) -> InstrumentVersion:
    """Offer an edition to people from now on, instead of any other of the same instrument and language.

    Refused without a valid licence basis, and for a questionnaire whose answers can raise an alert without two
    responders and opening hours (clinical.md 7.3). A refusal is audited too. Raises :class:`NotActivated`.
    """
    if problem := obstacle(version):
        record(by=by, action=Action.DENIED, obj=version, detail={"activate": "refused"})
        raise NotActivated(problem)
    return switch_on(by=by, version=version)


def obstacle(version: InstrumentVersion) -> str:
    """Why this edition may not be used today; empty when it may."""
    if problem := licence_problem(version.definition, timezone.now().date()):
        return problem
    if version.definition.is_risk_bearing:
        if len(alerts.second_responders()) < alerts.FEWEST_RESPONDERS:
            return "Two people must be named who answer risk alerts."
        if alerts.opening_hours() is None:
            return "The practice's opening hours are missing."
    return ""


@action
def switch_on(*, by: User | None, version: InstrumentVersion) -> InstrumentVersion:
    same = InstrumentVersion.objects.filter(instrument=version.instrument, language=version.language)
    same.exclude(pk=version.pk).filter(is_active=True).update(is_active=False)
    if not version.is_active:
        version.is_active, version.activated_at, version.activated_by = True, timezone.now(), by
        version.save(update_fields=["is_active", "activated_at", "activated_by"])
        record(by=by, action=Action.CHANGE, obj=version, detail={"activate": "done"})
    return version


def load_all(*, by: User | None, folder: Path = FOLDER) -> list[InstrumentVersion]:
    """Bring in and activate every edition that ships. Raises :class:`NotActivated`."""
    return [activate(by=by, version=load(by=by, body=body)) for body in bodies(folder)]
