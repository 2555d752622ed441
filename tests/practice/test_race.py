"""Many browsers want one time: small races over HTTP. ``dev.py prove booking`` runs them at full size."""

import pytest
from django.conf import settings as live_settings

from practice import booking, holding, locking
from tests import races
from tests.racers import Racers

RACERS, ROUNDS = 8, 2
pytestmark = pytest.mark.servers


@pytest.fixture
def arena(served, monkeypatch):
    monkeypatch.setattr(live_settings, "ALLAUTH_TRUSTED_PROXY_COUNT", 1)
    with Racers(served, RACERS) as racers:
        yield races.arena(racers, RACERS)


@pytest.mark.parametrize("name", list(races.RACES))
def test_one_wins_and_the_others_are_told_clearly(arena, name):
    result = races.RACES[name](arena, ROUNDS)
    assert result.held(), result.line()
    assert races.overlaps() == 0
    assert races.deadlocks() == 0


def test_one_hold_and_one_booking_however_often_the_form_is_sent(arena):
    holds, forms = races.hold_then_confirm(arena, ROUNDS)
    assert holds.held(), holds.line()
    assert forms.held(winners=RACERS), forms.line()


def test_without_locks_and_constraints_the_race_finds_double_bookings(arena, monkeypatch):
    """The control: a race that cannot fail proves nothing."""
    races.drop_guards()
    for module in (locking, booking.locking, holding.locking):
        monkeypatch.setattr(module, "lock", lambda **_names: None)
    result = races.one_slot(arena, 5)
    assert max(result.rows) > 1, result.line()
