"""A clinician's note list: what waits to be written and what was signed lately."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils import timezone

from practice.models import Appointment, Status, User
from sessions.models import ProgressNote


@dataclass(frozen=True)
class Desk:
    """What waits for a clinician: own drafts, visits that were missed and have no note, and what was signed lately."""

    drafts: Sequence[ProgressNote]
    missed: Sequence[Appointment]
    signed: Sequence[ProgressNote]


def desk_of(user: User, *, most: int = 20) -> Desk:
    """The note list of ``user`` in three queries. The caller records who looked."""
    rows = ProgressNote.objects.visible_to(user).select_related("patient", "session__course", "appointment__type")
    own = rows.filter(author=user)
    since = timezone.now() - dt.timedelta(days=30)
    missed = Appointment.objects.filter(
        therapist__user=user,
        status__in=(Status.NO_SHOW, Status.CANCELLED_LATE),
        type__is_clinical=True,
        starts_at__gte=since,
        progress_note__isnull=True,
    )
    return Desk(
        drafts=list(own.drafts().order_by("appointment__starts_at")),
        missed=list(missed.select_related("patient", "type").order_by("starts_at")),
        signed=list(rows.signed().order_by("-signed_at")[:most]),
    )
