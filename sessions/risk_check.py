"""The risk check of a note: acted on when it is saved, wherever it was typed, not when the note is signed.

clinical.md 0.3 rule 2, 5.1 and 7.3. The alert itself is intake's; nothing here computes how great a risk is.
"""

from __future__ import annotations

import datetime as dt

from django.utils.translation import gettext as _

from intake import alerts
from intake.models import RiskAlert, RiskTrigger
from practice.action import action
from practice.models import Appointment, Patient, User
from sessions import note_fields
from sessions.models import ProgressNote
from sessions.note_fields import Content


def heed(*, by: User, note: ProgressNote, content: Content) -> None:
    """Put an answer above "none" before the responders; called with the draft's row locked.

    ``content`` is what was typed, be it in a window whose text did not become the note's. Once for a note and tier; a
    later, milder answer closes nothing.
    """
    tier = note_fields.risk_tier(content)
    if tier and (not note.risk_told or tier < note.risk_told):
        alerts.mark_by_clinician(by=by, patient=note.patient, tier=tier, words=_("From the risk check of a session."))
        note.risk_told = tier
        note.save(update_fields=["risk_told"])


@action
def heed_late(*, by: User, note: ProgressNote, content: Content) -> None:
    """The same for an answer typed into a window whose note was signed meanwhile; it will never be in the note.

    A signed note cannot remember that it was told. So it is told unless the note had told this tier before its
    signature, or an alert that its author set off since is still open: rather twice than never.
    """
    note = ProgressNote.objects.select_related("patient").get(pk=note.pk)
    tier = note_fields.risk_tier(content)
    if not tier or (note.risk_told and note.risk_told <= tier):
        return
    if is_told(by=note.author_id, patient=note.patient, tier=tier, since=note.signed_at):
        return
    words = _("From a risk check typed after its note was signed in another window.")
    alerts.mark_by_clinician(by=by, patient=note.patient, tier=tier, words=words)


@action
def heed_gone(*, by: User, visit: Appointment, content: Content) -> None:
    """The same for an answer typed into a draft that is there no more, because its visit was taken back meanwhile.

    Told unless an alert that its author set off since the visit began is still open: rather twice than never.
    """
    tier = note_fields.risk_tier(content)
    if not tier or is_told(by=by.pk, patient=visit.patient, tier=tier, since=visit.starts_at):
        return
    words = _("From a risk check typed after its visit was taken back.")
    alerts.mark_by_clinician(by=by, patient=visit.patient, tier=tier, words=words)


def is_told(*, by: int, patient: Patient, tier: str, since: dt.datetime) -> bool:
    """Whether the clinician set off an open alert about this much or more since then."""
    still_open = RiskAlert.objects.open().filter(patient=patient, tier__lte=tier)
    told = RiskTrigger.objects.filter(kind=RiskTrigger.Kind.CLINICIAN, by=by, at__gte=since)
    return told.filter(alert__in=still_open).exists()


def has_form(note: ProgressNote) -> bool:
    """Whether the author has filled in the structured form of clinical.md 7.4 since this visit began."""
    made = note.patient.risk_assessments.filter(by=note.author_id, at__gte=note.appointment.starts_at)
    return made.exists()
