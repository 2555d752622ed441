"""The clock: Celery's beat, with two heartbeats of its own. Its schedule is code, in practice/celery.py."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from celery.beat import ScheduleEntry
from celery.beat import Scheduler as InMemoryScheduler
from django.db import DatabaseError, close_old_connections

from practice import heartbeat


class Scheduler(InMemoryScheduler):
    """Ticks as Celery's own does, and writes the heartbeats of the beat and of the broker while it ticks."""

    def apply_async(self, entry: ScheduleEntry, producer: Any = None, advance: bool = True, **kwargs: Any) -> Any:
        """Publish one tick. The beat lives if it tries, the broker if it took the tick."""
        note(heartbeat.BEAT)
        result = super().apply_async(entry, producer=producer, advance=advance, **kwargs)
        note(heartbeat.BROKER)
        return result


def note(name: str) -> None:
    """A heartbeat that cannot be written stays missing, which is what it has to say; the clock goes on."""
    close_old_connections()
    with suppress(DatabaseError):
        heartbeat.beat(name)
