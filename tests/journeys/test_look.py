"""What people see, in a real browser: accessible in light and dark, light over the wire, usable by keys alone."""

import re
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from practice.models import Status
from tests import cast
from tests.browser import FIRST_VISIT, assert_accessible, wire_weight

pytestmark = pytest.mark.browser
PAGES = ["home", "how-it-works", "fees", "privacy", "accessibility", "help-now"]


@pytest.fixture
def clinic_with_therapist(served):
    cast.clinic()
    return cast.PEOPLE["therapist"]()


def test_the_page_that_is_not_there_is_accessible(clinic_with_therapist, page_for):
    page = page_for()
    page.goto("/no-such-page/")
    assert_accessible(page)


def test_help_is_reached_by_keys_alone_and_its_links_are_large(clinic_with_therapist, page_for):
    page = page_for(width=390)
    page.goto(reverse("practice:home"))
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    for _press in range(12):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.classList.contains('help')"):
            break
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Get help now")
    for link in page.locator(".crisis .btn").all():
        assert link.bounding_box()["height"] >= 56
    assert page.locator(".crisis .btn").count() == 5


def test_the_first_tab_leads_past_the_header(clinic_with_therapist, page_for):
    page = page_for()
    page.goto(reverse("practice:home"))
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_nothing_scrolls_sideways_at_320_pixels(clinic_with_therapist, page_for):
    page = page_for(width=320)
    for name in PAGES:
        page.goto(reverse(f"practice:{name}"))
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, name


def test_print_leaves_out_navigation_and_keeps_the_matter(clinic_with_therapist, page_for):
    page = page_for()
    page.goto(reverse("practice:how-it-works"))
    page.emulate_media(media="print")
    expect(page.locator(".bar .nav")).to_be_hidden()
    expect(page.locator(".help").first).to_be_hidden()
    expect(page.locator("h1")).to_be_visible()


def test_without_script_every_text_page_reads_the_same(clinic_with_therapist, page_for):
    with_script, without = page_for(), page_for(javascript=False)
    for name in PAGES:
        with_script.goto(reverse(f"practice:{name}"))
        without.goto(reverse(f"practice:{name}"))
        assert with_script.locator("main").inner_text() == without.locator("main").inner_text()


@pytest.fixture
def a_day(served):
    """A therapist with a visit at noon of today, wherever the clock stands, and a patient with one in two days."""
    people = cast.everyone()
    noon = timezone.now().astimezone(ZoneInfo("America/Los_Angeles")).replace(hour=12, minute=0, second=0)
    for person, starts_at in ((people.other_patient, noon), (people.patient, noon + timedelta(days=2))):
        cast.appointment(
            therapist=people.therapist.therapist, patient=person, starts_at=starts_at, status=Status.CONFIRMED
        )
    return people


def test_a_patients_start_page_is_accessible_light_and_calm_on_a_rough_day(a_day, page_for):
    page = page_for(a_day.patient.user)
    assert wire_weight(page, reverse("practice:today")) < FIRST_VISIT
    expect(page.get_by_role("heading", name="Rosa")).to_be_visible()
    assert_accessible(page)
    page.get_by_role("link", name="Rough day? One thing only").click()
    expect(page.get_by_role("link", name="Show everything")).to_be_visible()
    assert_accessible(page)


def test_a_clinicians_start_page_is_accessible_and_light(a_day, page_for):
    page = page_for(a_day.therapist)
    assert wire_weight(page, reverse("practice:today")) < FIRST_VISIT
    expect(page.locator(".day .now")).to_be_visible()
    assert_accessible(page)


@pytest.mark.parametrize("width", [390, 1280])
def test_every_place_of_the_navigation_is_large_enough_and_sign_out_works(a_day, page_for, width):
    page = page_for(a_day.therapist, width=width)
    page.goto(reverse("practice:today"))
    for place in page.locator(".nav a").all():
        box = place.bounding_box()
        assert min(box["width"], box["height"]) >= 44, place.inner_text()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("link", name="Sign in")).to_be_visible()
    page.goto(reverse("practice:today"))
    expect(page).to_have_url(re.compile("/accounts/login/"))
