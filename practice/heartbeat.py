"""Heartbeats: one row for each part of the machinery, written by the work itself and not by a timer beside it."""

from __future__ import annotations

import datetime as dt

from django.utils import timezone

from practice.models import Heartbeat

BROKER, BEAT, WORKER, LOOP, SEALER = "broker", "beat", "worker", "loop", "sealer"
NAMES = (BROKER, BEAT, WORKER, LOOP, SEALER)
# Of the daily tidying: since when it is owed at all, when somebody last took it on, when it last went well in full.
TIDY_FROM, TIDYING, TIDIED = "tidy_from", "tidying", "tidied"


def beat(name: str, at: dt.datetime | None = None) -> None:
    """Say that ``name`` did its work just now."""
    Heartbeat.objects.bulk_create(
        [Heartbeat(name=name, beat_at=at or timezone.now())],
        update_conflicts=True,
        unique_fields=["name"],
        update_fields=["beat_at"],
    )
