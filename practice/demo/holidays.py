"""The public holidays of the United States, on which the demo clinic is closed. Pure.

Source: 5 U.S.C. 6103: the eleven days of the federal government, with the Friday before one that falls on a Saturday
and the Monday after one that falls on a Sunday.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from functools import cache

DAY = timedelta(days=1)
MONDAY, THURSDAY, SATURDAY, SUNDAY = 0, 3, 5, 6
FIXED = (
    (1, 1, "New Year’s Day"),
    (6, 19, "Juneteenth"),
    (7, 4, "Independence Day"),
    (11, 11, "Veterans Day"),
    (12, 25, "Christmas Day"),
)
COUNTED = (  # month, weekday, which of the month; -1 is the last
    (1, MONDAY, 3, "Martin Luther King Jr. Day"),
    (2, MONDAY, 3, "Presidents’ Day"),
    (5, MONDAY, -1, "Memorial Day"),
    (9, MONDAY, 1, "Labor Day"),
    (10, MONDAY, 2, "Columbus Day"),
    (11, THURSDAY, 4, "Thanksgiving Day"),
)


def nth(year: int, month: int, weekday: int, which: int) -> date:
    """The ``which``-th ``weekday`` of a month; -1 is the last one."""
    if which > 0:
        first = date(year, month, 1)
        return first + DAY * ((weekday - first.weekday()) % 7 + 7 * (which - 1))
    last = date(year + month // 12, month % 12 + 1, 1) - DAY
    return last - DAY * ((last.weekday() - weekday) % 7)


def observed(day: date) -> date:
    """The day on which offices close for a holiday."""
    return day + DAY * {SATURDAY: -1, SUNDAY: 1}.get(day.weekday(), 0)


@cache
def of_year(year: int) -> dict[date, str]:
    """The days on which offices close for a holiday of this year; New Year's may be one of the year before."""
    found = {observed(date(year, month, day)): name for month, day, name in FIXED}
    found |= {nth(year, month, weekday, which): name for month, weekday, which, name in COUNTED}
    return found


def name_of(day: date) -> str:
    """The holiday for which offices close on that day, or nothing."""
    return of_year(day.year).get(day) or of_year(day.year + 1).get(day, "")


def between(first: date, last: date) -> Iterator[tuple[date, str]]:
    """The holidays from one day to another, both included, in their order."""
    for number in range((last - first).days + 1):
        day = first + DAY * number
        if name := name_of(day):
            yield day, name
