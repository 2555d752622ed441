"""Free times as arithmetic, without a database: clock changes, midnights, buffers, rooms, and properties of all of
it.
"""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from practice import slots
from practice.slots import DAY, Busy, Hours, Rules, Taken

PACIFIC = "America/Los_Angeles"
HALF_HOUR = Rules(length=1_800, step=1_800)


def hours(day: date, starts: str, ends: str, *, zone: str = PACIFIC, until: date | None = None, **fields) -> Hours:
    return Hours(
        fields.pop("therapist_id", 1),
        fields.pop("location_id", 1),
        zone,
        day.weekday(),
        minutes(starts),
        minutes(ends),
        fields.pop("valid_from", date(2020, 1, 1)),
        until,
        **fields,
    )


def minutes(wall: str) -> int:
    hour, minute = wall.split(":")
    return int(hour) * 60 + int(minute)


def clock(found, zone: str = PACIFIC) -> list[str]:
    return [f"{slot.starts_at.astimezone(ZoneInfo(zone)):%H:%M}" for slot in found]


def on(day: date, stretches, rules: Rules = HALF_HOUR, taken: Taken | None = None, zone: str = PACIFIC):
    since, until = slots.local_midnight(day, zone), slots.local_midnight(day + timedelta(days=1), zone)
    return slots.free(stretches, taken or Taken(), rules, since=since, until=until)


def stamp(day: date, wall: str, zone: str = PACIFIC) -> int:
    return int(
        (datetime.combine(day, datetime.min.time(), ZoneInfo(zone)) + timedelta(minutes=minutes(wall))).timestamp()
    )


# -- Time --------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("zone", "first"), [(PACIFIC, date(2027, 1, 5)), ("Europe/Berlin", date(2027, 8, 3))])
def test_a_tuesday_nine_series_stays_at_nine_across_the_clock_change(zone, first):
    stretch = hours(first, "9:00", "9:30", zone=zone)
    days = [first + timedelta(weeks=week) for week in range(20)]
    found = [on(day, [stretch], zone=zone) for day in days]
    assert [clock(each, zone) for each in found] == [["09:00"]] * 20
    offsets = {each[0].starts_at.astimezone(ZoneInfo(zone)).utcoffset() for each in found}
    assert len(offsets) == 2


def test_times_that_do_not_exist_are_dropped():
    spring = date(2027, 3, 14)
    assert clock(on(spring, [hours(spring, "1:00", "4:00")])) == ["01:00", "01:30", "03:00", "03:30"]


def test_times_that_come_twice_are_offered_once_at_their_first_coming():
    autumn = date(2027, 11, 7)
    found = on(autumn, [hours(autumn, "0:30", "3:00")])
    assert clock(found) == ["00:30", "01:00", "01:30", "02:00", "02:30"]
    assert found[1].starts_at == datetime(2027, 11, 7, 8, 0, tzinfo=UTC)  # 1 am summer time
    assert found[3].starts_at == datetime(2027, 11, 7, 10, 0, tzinfo=UTC)  # 2 am standard time, an hour's wait later


def test_a_visit_does_not_run_past_hours_that_end_in_the_skipped_hour():
    spring = date(2027, 3, 14)
    found = on(spring, [hours(spring, "1:00", "2:30")])
    assert clock(found) == ["01:00", "01:30"]


def test_hours_before_midnight_belong_to_their_own_date():
    tuesday = date(2027, 3, 9)
    late, early = hours(tuesday, "23:00", "23:59"), hours(tuesday + timedelta(days=1), "0:00", "0:45")
    assert clock(on(tuesday, [late, early])) == ["23:00"]
    assert clock(on(tuesday + timedelta(days=1), [late, early])) == ["00:00"]


def test_a_day_is_local_not_utc():
    tuesday = date(2027, 3, 9)
    found = on(tuesday, [hours(tuesday, "17:00", "18:00")])
    assert [slot.starts_at.date() for slot in found] == [date(2027, 3, 10)] * 2


def test_a_day_begins_when_its_first_instant_exists():
    # Cuba's clocks jump at midnight: March 14, 2027 begins at one o'clock.
    begins = datetime.fromtimestamp(
        slots.local_midnight(date(2027, 3, 14), "America/Havana"), ZoneInfo("America/Havana")
    )
    assert (begins.date(), begins.hour) == (date(2027, 3, 14), 1)


@pytest.mark.parametrize("shift", [-1, 1])
def test_hours_hold_from_their_first_to_their_last_date(shift):
    tuesday = date(2027, 3, 9)
    stretch = hours(tuesday, "9:00", "10:00", valid_from=tuesday, until=tuesday)
    assert clock(on(tuesday, [stretch])) == ["09:00", "09:30"]
    assert on(tuesday + timedelta(weeks=shift), [stretch]) == []


# -- What is taken -----------------------------------------------------------------------------------------------------
TUESDAY = date(2027, 3, 9)
MORNING = hours(TUESDAY, "9:00", "12:00")


def test_buffers_lie_between_visits_and_may_lie_outside_hours():
    rules = Rules(length=1_800, before=600, after=600, step=1_800)
    assert clock(on(TUESDAY, [MORNING], rules))[0] == "09:00"
    assert clock(on(TUESDAY, [MORNING], rules))[-1] == "11:30"
    busy = Busy([(stamp(TUESDAY, "10:00"), stamp(TUESDAY, "10:40"))])  # another visit's guard
    assert clock(on(TUESDAY, [MORNING], rules, Taken(therapists={1: busy}))) == ["09:00", "11:00", "11:30"]


def test_time_off_closes_visits_not_buffers():
    rules = Rules(length=1_800, after=600, step=1_800)
    off = Taken(off={1: Busy([(stamp(TUESDAY, "10:30"), stamp(TUESDAY, "12:00"))])})
    assert clock(on(TUESDAY, [MORNING], rules, off)) == ["09:00", "09:30", "10:00"]


def test_a_closed_location_closes_its_hours_only():
    elsewhere = hours(TUESDAY, "9:00", "10:00", location_id=2, therapist_id=2)
    closed = Taken(closed={1: Busy([(stamp(TUESDAY, "0:00"), stamp(TUESDAY, "23:00"))])})
    assert [slot.location_id for slot in on(TUESDAY, [MORNING, elsewhere], HALF_HOUR, closed)] == [2, 2]


def test_a_visit_in_a_room_needs_one_that_is_free():
    in_room = hours(TUESDAY, "9:00", "10:00", in_room=True)
    nine = Busy([(stamp(TUESDAY, "9:00"), stamp(TUESDAY, "9:30"))])
    assert clock(on(TUESDAY, [in_room], taken=Taken(rooms={1: [7, 8]}, rooms_taken={7: nine}))) == ["09:00", "09:30"]
    assert clock(on(TUESDAY, [in_room], taken=Taken(rooms={1: [7]}, rooms_taken={7: nine}))) == ["09:30"]
    assert on(TUESDAY, [in_room]) == []


def test_one_start_of_a_therapist_is_offered_once():
    twice = [MORNING, hours(TUESDAY, "9:00", "10:00", location_id=2)]
    assert clock(on(TUESDAY, twice))[:3] == ["09:00", "09:30", "10:00"]


def test_covers_asks_for_one_stretch_that_holds_the_whole_visit():
    after_lunch = hours(TUESDAY, "12:30", "17:00")
    assert slots.covers([MORNING], starts=stamp(TUESDAY, "11:10"), ends=stamp(TUESDAY, "12:00"))
    assert not slots.covers([MORNING, after_lunch], starts=stamp(TUESDAY, "11:40"), ends=stamp(TUESDAY, "12:30"))
    assert not slots.covers([MORNING], starts=stamp(TUESDAY, "8:50"), ends=stamp(TUESDAY, "9:20"))


# -- Properties --------------------------------------------------------------------------------------------------------
spans = st.lists(st.tuples(st.integers(0, 500), st.integers(1, 60)).map(lambda pair: (pair[0], pair[0] + pair[1])))
zones = st.sampled_from([PACIFIC, "America/Denver", "Europe/Berlin", "Australia/Lord_Howe", "Pacific/Apia", "UTC"])
dates = st.dates(date(2026, 1, 1), date(2028, 12, 31))


@given(spans, st.integers(0, 560), st.integers(1, 60))
def test_busy_says_what_looking_at_every_span_says(taken, begins, length):
    ends = begins + length
    assert Busy(taken).overlaps(begins, ends) == any(a < ends and b > begins for a, b in taken)


@given(zones, dates, st.integers(0, 1_379), st.integers(20, 600), st.integers(10, 120), st.integers(5, 60))
def test_every_start_shows_a_wall_time_of_the_grid_and_ends_within_hours(zone, day, starts, span, length, step):
    ends = min(starts + span, 1_439)
    stretch = Hours(1, 1, zone, day.weekday(), starts, ends, date(2020, 1, 1))
    found = slots.starts_on(stretch, day, length * 60, step * 60)
    walls = [datetime.fromtimestamp(each, ZoneInfo(zone)) for each in found]
    assert all(wall.date() == day and (wall.hour * 60 + wall.minute - starts) % step == 0 for wall in walls)
    assert len(set(walls)) == len(walls)
    assert list(found) == sorted(found)
    closes = slots.last_instant(day, ends, ZoneInfo(zone))
    assert all(each + length * 60 <= closes for each in found)


@given(
    zones, dates, st.lists(st.tuples(st.integers(0, 2 * DAY), st.integers(60, 7_200)), max_size=12), st.integers(0, 3)
)
def test_what_is_free_overlaps_nothing_taken(zone, day, taken, buffers):
    since = slots.local_midnight(day, zone)
    busy = [(since + begins, since + begins + length) for begins, length in taken]
    rules = Rules(length=1_800, before=buffers * 300, after=buffers * 600, step=900)
    stretches = [Hours(1, 1, zone, weekday, 480, 1_080, date(2020, 1, 1)) for weekday in range(7)]
    found = slots.free(stretches, Taken(therapists={1: Busy(busy)}), rules, since=since, until=since + 2 * DAY)
    for slot in found:
        begins = int(slot.starts_at.timestamp()) - rules.before
        ends = int(slot.ends_at.timestamp()) + rules.after
        assert not any(a < ends and b > begins for a, b in busy)
    everything = slots.free(stretches, Taken(), rules, since=since, until=since + 2 * DAY)
    assert {slot.starts_at for slot in found} <= {slot.starts_at for slot in everything}


@given(zones, dates, st.integers(1, 20))
def test_the_first_few_are_the_beginning_of_all(zone, day, limit):
    since = slots.local_midnight(day, zone)
    stretches = [Hours(who, 1, zone, weekday, 540, 720, date(2020, 1, 1)) for who in (1, 2) for weekday in range(7)]
    whole = slots.free(stretches, Taken(), HALF_HOUR, since=since, until=since + 3 * DAY)
    assert slots.free(stretches, Taken(), HALF_HOUR, since=since, until=since + 3 * DAY, limit=limit) == whole[:limit]
