"""The walk: where it may go, how it reads a page, and that it says plainly what did not hold."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core.management import CommandError, call_command

from practice.walk.pages import Browser, Missed, Page
from practice.walk.walking import Walker, begun_times, walk

PAGE = b"""<main><h1>Book</h1><a href="/people/7/">Rosa Meier</a>
<form method="get"><input name="q"></form>
<form method="post" action="/book/"><input type="hidden" name="token" value="t1"><input name="name">
<label><input type="radio" name="way" value="video" checked>Video</label><input type="radio" name="way" value="phone">
<input type="checkbox" name="consent"><input type="checkbox" name="need" value="a">
<input type="checkbox" name="need" value="b">
<select name="zone"><option value="x">X</option><option value="y" selected>Y</option></select>
<textarea name="words">so far</textarea><button name="rest" value="1">Later</button></form>
<p class="error">Write a name.</p><p class="error" hidden>Never shown.</p></main>"""


def page(status: int = 200) -> Page:
    return Page("http://localhost:1/book/", status, PAGE)


def test_a_form_is_sent_as_a_browser_would_send_it():
    sent = page().form("/book/").filled(page(), name="Rosa", need=["a", "b"])
    assert sorted(sent) == [
        ("name", "Rosa"),
        ("need", "a"),
        ("need", "b"),
        ("token", "t1"),
        ("way", "video"),
        ("words", "so far"),
        ("zone", "y"),
    ]


@pytest.mark.parametrize("given", [{"nobody": "1"}, {"way": "pigeon"}, {"zone": "z"}, {"need": ["c"]}])
def test_what_the_page_does_not_offer_cannot_be_chosen(given):
    with pytest.raises(Missed):
        page().form("/book/").filled(page(), **given)


def test_a_miss_names_the_address_the_status_and_what_was_missing():
    with pytest.raises(Missed, match=r"“Booked” is not on the page at http://localhost:1/book/ \(status 200\)$"):
        page().says("Booked")
    with pytest.raises(Missed, match=r"status 422\); the page says: Write a name\.$"):
        page(422).says("Booked")


def test_links_of_letters_stay_on_the_site_that_is_walked():
    assert Browser("http://localhost:9/").whole("http://care.example/a/x/?y=1", None) == "http://localhost:9/a/x/?y=1"


def test_the_walk_stops_at_the_first_step_that_does_not_hold():
    def miss(walker: Walker) -> str:
        raise Missed("nothing came")

    lines: list[str] = []
    assert not walk("http://localhost:9", (("First", lambda w: ""), ("Second", miss), ("Third", miss)), lines.append)
    assert lines[-1] == " 2  FAILED  Second: nothing came"


@pytest.mark.parametrize("hour", range(24))
def test_the_walker_lives_where_it_is_day(hour):
    for day in (datetime(2027, 1, 15, hour, 30, tzinfo=UTC), datetime(2027, 7, 15, hour, 30, tzinfo=UTC)):
        with time_machine.travel(day, tick=False):
            local = day.astimezone(ZoneInfo(Walker("http://localhost:9").zone))
        assert 9 <= local.hour < 19


def test_times_that_have_begun_lie_behind_now():
    with time_machine.travel(datetime(2027, 4, 14, 18, 31, tzinfo=UTC), tick=False):
        times = list(begun_times("America/Los_Angeles"))
    assert f"{times[0]:%H:%M}" == "11:25"
    assert times[0] - times[-1] > timedelta(days=1)


def test_every_walker_is_somebody_else():
    first, second = (Walker("x", begun=datetime(2027, 4, 14, 18, 31, s, tzinfo=UTC)) for s in (1, 2))
    assert first.name != second.name
    assert first.email != second.email
    assert first.surname.isalpha()


@pytest.mark.django_db
def test_the_walk_needs_a_demo_clinic(settings):
    with pytest.raises(CommandError, match=r"manage\.py demo"):
        call_command("walk")
    settings.DEMO = False
    with pytest.raises(CommandError, match="demo clinic"):
        call_command("walk")
