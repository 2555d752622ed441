"""What the crisis screen says about us: that a clinician is told, and when the clinic is there (clinical.md 7.2).

Never a score, never a word about risk, and never a promise that somebody is watching.
"""

from __future__ import annotations

import datetime as dt

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from intake.alert_clock import OpeningHours


def aim(now: dt.datetime, hours: OpeningHours | None) -> str:
    """One sentence or two for the moment ``now``, by the practice's opening hours."""
    if hours is None:
        return _("We are telling a clinician. Until somebody calls you, use the numbers on this page.")
    if hours.is_open(now):
        return _("We are telling a clinician now. The clinic is open, and we aim to call you today.")
    opens = hours.next_opening(now).astimezone(hours.zone)
    time = date_format(opens, "g:i A").lower()
    if opens.date() == now.astimezone(hours.zone).date():
        words = _("We are telling a clinician. The clinic opens today at %(time)s. Until then call or text 988.")
    else:
        words = _(
            "We are telling a clinician. The clinic is closed now and opens on %(day)s at %(time)s. "
            "Until then call or text 988."
        )
    return words % {"day": date_format(opens, "l"), "time": time}
