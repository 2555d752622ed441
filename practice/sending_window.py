"""The hours in which a patient may be written to: 09:00 to 20:00 on the patient's own clock, narrower where asked."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from practice.models import Patient

OPENS, CLOSES = dt.time(9), dt.time(20)


def hours_of(patient: Patient) -> tuple[dt.time, dt.time]:
    """From and until on the patient's clock. A wish can only narrow; one that leaves no time at all is not kept."""
    opens = max(OPENS, patient.sending_from or OPENS)
    closes = min(CLOSES, patient.sending_until or CLOSES)
    return (opens, closes) if opens < closes else (OPENS, CLOSES)


def next_opening(patient: Patient, now: dt.datetime) -> dt.datetime:
    """``now`` where the patient may be written to now, else the moment at which that begins."""
    zone = ZoneInfo(patient.time_zone)
    opens, closes = hours_of(patient)
    local = now.astimezone(zone)
    if opens <= local.time() < closes:
        return now
    day = local.date() if local.time() < opens else local.date() + dt.timedelta(days=1)
    return dt.datetime.combine(day, opens, zone).astimezone(dt.UTC)
