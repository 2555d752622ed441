"""How long a sign-in lasts: staff 15 minutes of rest and 12 hours in all, patients 30 minutes and 24 hours.

The marks live in the session, so that a page costs no query for them. Polling is not presence: a request that a page
makes by itself says so and does not count as use.
"""

from collections.abc import MutableMapping
from datetime import datetime, timedelta
from typing import Any

SECOND_FACTOR = "second_factor"
BEGAN_AT = "signed_in_at"
SEEN_AT = "seen_at"

STAFF_REST, STAFF_TOTAL = timedelta(minutes=15), timedelta(hours=12)
PATIENT_REST, PATIENT_TOTAL = timedelta(minutes=30), timedelta(hours=24)
STAMP_EVERY = timedelta(minutes=1)  # one write a minute instead of one a request

Session = MutableMapping[str, Any]


def begin(session: Session, now: datetime, *, second_factor: bool = False) -> None:
    """Start the clocks of a sign-in that has just happened."""
    session[BEGAN_AT] = session[SEEN_AT] = int(now.timestamp())
    if second_factor:
        session[SECOND_FACTOR] = True


def is_over(session: Session, now: datetime, *, staff: bool) -> bool:
    """Whether the person rested too long or has been signed in too long. A sign-in without its marks has ended."""
    rest, total = (STAFF_REST, STAFF_TOTAL) if staff else (PATIENT_REST, PATIENT_TOTAL)
    stamp = int(now.timestamp())
    if BEGAN_AT not in session or SEEN_AT not in session:
        return True
    return stamp - session[SEEN_AT] > rest.total_seconds() or stamp - session[BEGAN_AT] > total.total_seconds()


def touch(session: Session, now: datetime) -> None:
    """Note that the person is there; written at most once a minute."""
    if now.timestamp() - session[SEEN_AT] >= STAMP_EVERY.total_seconds():
        session[SEEN_AT] = int(now.timestamp())
