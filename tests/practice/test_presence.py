"""How long a sign-in lasts, what becomes of what is sent after it, and that the page to sign in says why it ended."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from practice import presence
from practice.models import AuditEvent
from tests.practice.test_accounts import (
    CODE,
    LOGIN,
    SECOND,
    SET_UP,
    TODAY,
    code_now,
    is_in,
    known_practice,
    own_throttles,
    secret,
    sign_in,
)

__all__ = ["known_practice", "own_throttles", "secret"]


@pytest.mark.parametrize(
    ("who", "rest", "total"),
    [
        ("therapist", presence.STAFF_REST, presence.STAFF_TOTAL),
        ("patient", presence.PATIENT_REST, presence.PATIENT_TOTAL),
    ],
)
def test_rest_and_time_in_all_end_a_sign_in(request, as_, who, rest, total):
    person = request.getfixturevalue(who)
    start = timezone.now()
    with time_machine.travel(start, tick=False) as clock:
        client = as_(getattr(person, "user", person))
        clock.move_to(start + rest)
        assert is_in(client), "the last moment still counts"
        clock.move_to(start + 2 * rest)
        assert is_in(client), "use begins the rest anew"
        clock.shift(rest + timedelta(seconds=1))
        assert not is_in(client)
        assert AuditEvent.objects.get(action="sign_out").detail == {"why": "time"}

        clock.move_to(start)
        client = as_(getattr(person, "user", person))
        while timezone.now() < start + total - rest:
            clock.shift(rest)
            assert is_in(client)
        clock.move_to(start + total + timedelta(seconds=1))
        assert not is_in(client), "nobody stays for ever by clicking"


def test_a_page_that_asks_by_itself_is_not_a_person(as_, therapist):
    start = timezone.now()
    with time_machine.travel(start, tick=False) as clock:
        client = as_(therapist)
        for _poll in range(4):
            clock.shift(timedelta(minutes=4))
            client.get(SET_UP, headers={"X-Evenkeel-Poll": "1"})
        assert not is_in(client)


def test_what_was_sent_after_the_end_is_not_lost_in_silence(as_, therapist):
    start = timezone.now()
    with time_machine.travel(start, tick=False) as clock:
        client = as_(therapist)
        clock.shift(timedelta(minutes=16))
        quiet = client.post(TODAY, headers={"HX-Request": "true"})
        assert (quiet.status_code, quiet.text) == (401, "You were signed out because nothing happened for 15 minutes.")
        client = as_(therapist)
        clock.shift(timedelta(minutes=16))
        response = client.post(
            reverse("practice:patient-create"), headers={"Referer": "http://testserver/people/add/?x=1"}
        )
        assert response.headers["Location"] == f"{CODE}?next=%2Fpeople%2Fadd%2F&ended=unsent"
        page = client.get(response.headers["Location"]).text
        assert "nothing happened for 15 minutes" in page
        assert "go back in the first one" in page
        assert f'{LOGIN}?next=%2Fpeople%2Fadd%2F&amp;ended=unsent"' in page, "the other tab says it too"


@pytest.mark.parametrize(("who", "minutes"), [("therapist", 15), ("patient", 30)])
@pytest.mark.parametrize("first", ["page", "post", "quiet", "public"])
def test_the_page_to_sign_in_says_why_the_last_sign_in_ended(request, as_, who, minutes, first):
    person = request.getfixturevalue(who)
    with time_machine.travel(timezone.now(), tick=False) as clock:
        client = as_(getattr(person, "user", person))
        clock.shift(timedelta(minutes=minutes + 1))
        if first == "quiet":
            client.post(TODAY, headers={"HX-Request": "true"})
        elif first == "public":
            client.get(reverse("practice:home"))
        address = (client.post if first == "post" else client.get)(TODAY).headers["Location"]
        for page in (address, CODE, LOGIN):
            assert f"You were signed out because nothing happened for {minutes} minutes." in client.get(page).text


def test_the_reason_is_forgotten_with_the_next_sign_in_and_no_address_gives_one(as_, therapist, secret):
    with time_machine.travel(timezone.now(), tick=False) as clock:
        client = as_(therapist)
        clock.shift(presence.STAFF_REST + timedelta(minutes=1))
        assert not is_in(client)
        sign_in(client, therapist.email)
        client.post(SECOND, {"code": code_now(secret)})
        assert is_in(client)
        assert presence.ENDED not in client.session
    for visitor in (client, Client()):
        visitor.post(reverse("account_logout"))
        for word in ("rest", "unsent", "15"):
            page = visitor.get(LOGIN, {"ended": word}).text
            assert "You were signed out" not in page
            assert ("did not reach us" in page) == (word == "unsent")


def test_a_day_at_work_is_named_as_the_reason(as_, therapist):
    start = timezone.now()
    with time_machine.travel(start, tick=False) as clock:
        client = as_(therapist)
        while timezone.now() <= start + presence.STAFF_TOTAL - presence.STAFF_REST:
            clock.shift(presence.STAFF_REST)
            assert is_in(client)
        clock.move_to(start + presence.STAFF_TOTAL + timedelta(minutes=1))
        assert "a sign-in lasts at most 12 hours" in client.get(TODAY, follow=True).text
