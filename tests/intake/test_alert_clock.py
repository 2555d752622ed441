"""By when an alert must be seen: opening hours, evenings, weekends, both clock changes (clinical.md 7.3)."""

from datetime import time
from zoneinfo import ZoneInfo

import pytest

from intake import crisis
from intake.alert_clock import OpeningHours, acknowledge_by
from tests.cast import at

HOURS = OpeningHours(time(8), time(18), ZoneInfo("America/Los_Angeles"))  # UTC-7 in May

CASES = [
    # tier, opened (UTC), due (UTC)
    ("R0", "2026-05-12 17:00", "2026-05-12 17:15"),  # Tuesday 10:00
    ("R1", "2026-05-12 17:00", "2026-05-12 18:00"),
    ("R1", "2026-05-13 00:30", "2026-05-13 01:00"),  # 17:30: before the doors close
    ("R2", "2026-05-12 17:00", "2026-05-14 01:00"),  # the close of Wednesday
    ("R3", "2026-05-12 17:00", "2026-05-16 01:00"),  # the close of Friday
    ("R0", "2026-05-13 01:00", "2026-05-13 15:00"),  # 18:00 sharp is closed: first task at opening
    ("R1", "2026-05-13 01:00", "2026-05-13 17:00"),  # after hours: by 10:00
    ("R1", "2026-05-13 10:00", "2026-05-13 17:00"),  # 03:00 the same day: by 10:00
    ("R0", "2026-05-16 17:00", "2026-05-18 15:00"),  # Saturday waits for Monday's opening
    ("R1", "2026-05-16 05:00", "2026-05-18 17:00"),  # Friday 22:00 by Monday 10:00
    ("R2", "2026-05-16 17:00", "2026-05-19 01:00"),  # Saturday: the close of Monday
    ("R3", "2026-05-15 17:00", "2026-05-21 01:00"),  # Friday: the close of Wednesday
    ("R1", "2026-03-08 05:00", "2026-03-09 17:00"),  # over the change to summer time: 10:00 is UTC-7
    ("R1", "2026-11-01 05:00", "2026-11-02 18:00"),  # and back: 10:00 is UTC-8
]


@pytest.mark.parametrize(("tier", "opened", "due"), CASES)
def test_an_alert_must_be_seen_by(tier, opened, due):
    assert acknowledge_by(tier, at(opened), HOURS) == at(due)


def test_what_waits_for_the_next_session_has_no_time_of_its_own():
    assert acknowledge_by("R4", at("2026-05-12 17:00"), HOURS) is None


def test_the_doors_are_open_from_the_first_minute_to_before_the_last():
    assert [HOURS.is_open(at(f"2026-05-{moment}")) for moment in ("12 14:59", "12 15:00", "13 00:59", "13 01:00")] == [
        False, True, True, False,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("now", "words"),
    [
        ("2026-05-12 17:00", "The clinic is open, and we aim to call you today."),
        ("2026-05-12 14:00", "The clinic opens today at 8:00 am. Until then call or text 988."),
        ("2026-05-13 03:00", "is closed now and opens on Wednesday at 8:00 am. Until then call or text 988."),
        ("2026-05-16 17:00", "is closed now and opens on Monday at 8:00 am. Until then call or text 988."),
    ],
)
def test_the_crisis_screen_says_when_the_clinic_is_there(now, words):
    assert crisis.aim(at(now), HOURS).endswith(words)


def test_without_opening_hours_the_crisis_screen_promises_no_call_today():
    assert "today" not in crisis.aim(at("2026-05-12 17:00"), None)
