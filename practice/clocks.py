"""The clock of this process against the database's: what is due is decided by a clock, so the two must agree."""

from __future__ import annotations

import datetime as dt

from django.db import connection
from django.utils import timezone

MAY_DIFFER = dt.timedelta(seconds=60)


class ClocksDisagree(Exception):
    """Nothing is sent: with one of two clocks wrong, it would be sent at the wrong time."""


def difference() -> dt.timedelta:
    """How far this process's clock is ahead of PostgreSQL's."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        (theirs,) = cursor.fetchone()
    return timezone.now() - theirs


def must_agree() -> None:
    """Raises ClocksDisagree where the clocks differ by more than 60 seconds."""
    if abs(apart := difference()) > MAY_DIFFER:
        raise ClocksDisagree(f"This machine's clock and PostgreSQL's differ by {apart.total_seconds():.0f} s.")
