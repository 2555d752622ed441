"""How long a sign-in lasts: staff 15 minutes of rest and 12 hours in all, patients 30 minutes and 24 hours.

The marks live in the session, so that a page costs no query for them. Polling is not presence: a request that a page
makes by itself says so and does not count as use. Why a sign-in ended stays with the browser until the next one, so
that the page to sign in can say it whichever request came upon the end.
"""

from collections.abc import MutableMapping
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

SECOND_FACTOR = "second_factor"
BEGAN_AT = "signed_in_at"
SEEN_AT = "seen_at"
ENDED = "sign_in_ended"

STAFF_REST, STAFF_TOTAL = timedelta(minutes=15), timedelta(hours=12)
PATIENT_REST, PATIENT_TOTAL = timedelta(minutes=30), timedelta(hours=24)
STAMP_EVERY = timedelta(minutes=1)  # one write a minute instead of one a request

Session = MutableMapping[str, Any]


def begin(session: Session, now: datetime, *, second_factor: bool = False) -> None:
    """Start the clocks of a sign-in that has just happened."""
    session.pop(ENDED, None)
    session[BEGAN_AT] = session[SEEN_AT] = int(now.timestamp())
    if second_factor:
        session[SECOND_FACTOR] = True


def why_over(session: Session, now: datetime, *, staff: bool) -> dict[str, int] | None:
    """Why the sign-in has ended, or None while it lasts: ``minutes`` of rest, or ``hours`` in all, that went by.

    A sign-in without its marks has ended for neither, which is an empty answer.
    """
    rest, total = (STAFF_REST, STAFF_TOTAL) if staff else (PATIENT_REST, PATIENT_TOTAL)
    stamp = int(now.timestamp())
    if BEGAN_AT not in session or SEEN_AT not in session:
        return {}
    if stamp - session[SEEN_AT] > rest.total_seconds():
        return {"minutes": rest // timedelta(minutes=1)}
    if stamp - session[BEGAN_AT] > total.total_seconds():
        return {"hours": total // timedelta(hours=1)}
    return None


def tell(session: Session, why: dict[str, int]) -> None:
    """Keep for the page to sign in why the sign-in of this browser ended; the next sign-in forgets it."""
    session[ENDED] = why


def told(session: Session) -> str:
    """The reason as a sentence; empty where no sign-in of this browser ended by itself since the last one."""
    why = session.get(ENDED)
    if why is None:
        return ""
    if "minutes" in why:
        return _("You were signed out because nothing happened for %(minutes)s minutes.") % why
    if "hours" in why:
        return _("You were signed out because a sign-in lasts at most %(hours)s hours.") % why
    return _("You were signed out.")


def touch(session: Session, now: datetime) -> None:
    """Note that the person is there; written at most once a minute."""
    if now.timestamp() - session[SEEN_AT] >= STAMP_EVERY.total_seconds():
        session[SEEN_AT] = int(now.timestamp())
