"""By when an alert must be seen (clinical.md 7.3). Pure: opening hours in, instants out.

A business day is Monday to Friday on the clinic's own clock. These are defaults of the specification; a practice may
only be faster.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from zoneinfo import ZoneInfo

SATURDAY = 5
LATEST_AFTER_HOURS = dt.time(10)


@dataclass(frozen=True)
class OpeningHours:
    opens: dt.time
    closes: dt.time
    zone: ZoneInfo

    def at(self, day: dt.date, time: dt.time) -> dt.datetime:
        return dt.datetime.combine(day, time, self.zone).astimezone(dt.UTC)

    def is_open(self, now: dt.datetime) -> bool:
        local = now.astimezone(self.zone)
        return local.weekday() < SATURDAY and self.opens <= local.time() < self.closes

    def next_opening(self, now: dt.datetime) -> dt.datetime:
        """The next time the doors open, strictly after ``now``."""
        local = now.astimezone(self.zone)
        day = local.date()
        while day.weekday() >= SATURDAY or self.at(day, self.opens) <= now:
            day += dt.timedelta(days=1)
        return self.at(day, self.opens)

    def close_of_business_day(self, now: dt.datetime, days: int) -> dt.datetime:
        """The closing time of the ``days``-th business day after the local date of ``now``."""
        day = now.astimezone(self.zone).date()
        while days:
            day += dt.timedelta(days=1)
            days -= day.weekday() < SATURDAY
        return self.at(day, self.closes)


def acknowledge_by(tier: str, opened_at: dt.datetime, hours: OpeningHours) -> dt.datetime | None:
    """When somebody must have seen an alert of ``tier``; None for R4, which waits for the next session."""
    if tier == "R4":
        return None
    if tier in ("R2", "R3"):
        return hours.close_of_business_day(opened_at, 1 if tier == "R2" else 3)
    if not hours.is_open(opened_at):
        opening = hours.next_opening(opened_at)
        latest = hours.at(opening.astimezone(hours.zone).date(), LATEST_AFTER_HOURS)
        return opening if tier == "R0" else max(opening, latest)
    if tier == "R0":
        return opened_at + dt.timedelta(minutes=15)
    closes = hours.at(opened_at.astimezone(hours.zone).date(), hours.closes)
    return min(opened_at + dt.timedelta(hours=1), closes)
