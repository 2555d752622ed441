"""The shared parts in a real browser: errors are met first, nothing typed is lost, script only adds."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests import cast
from tests.browser import FIRST_VISIT, assert_accessible, wire_weight

pytestmark = pytest.mark.browser


@pytest.fixture
def parts(settings, served, page_for):
    """``parts()``: the page with every part, in a window of its own."""
    settings.ROOT_URLCONF = "tests.journeys.parts_site"
    cast.clinic()

    def open_parts(**window) -> Page:
        page = page_for(**window)
        page.goto("/parts/")
        return page

    return open_parts


def fill(page: Page) -> None:
    page.get_by_label("Your name").fill("Rosa")
    page.get_by_label("Email").fill("rosa@example.org")
    page.get_by_label("Month").fill("3")
    page.get_by_label("Day").fill("27")
    page.get_by_label("Year").fill("1979")
    page.get_by_text("In person").click()
    page.locator(".step", has_text=re.compile("^7$")).click()


def test_every_part_is_accessible_empty_and_with_errors(parts):
    page = parts()
    assert_accessible(page)
    page.get_by_role("button", name="Save answers").click()
    expect(page.locator(".error-summary")).to_be_visible()
    assert_accessible(page)


def test_a_page_with_htmx_stays_light(parts, page_for):
    assert wire_weight(page_for(), "/parts/") < FIRST_VISIT


def test_the_error_summary_takes_the_focus_and_leads_to_the_field(parts):
    page = parts()
    page.get_by_label("Email").fill("rosa@")
    page.get_by_role("button", name="Save answers").click()
    expect(page).to_have_title("Error: Parts - Evenkeel")
    expect(page.locator(".error-summary")).to_be_focused()
    page.get_by_role("link", name=re.compile("^Date of birth")).click()
    expect(page.get_by_label("Month")).to_be_focused()
    expect(page.get_by_label("Email")).to_have_value("rosa@")


def test_the_whole_form_works_by_keys_alone(parts):
    page = parts()
    page.get_by_label("Your name").focus()
    for typed in ("Rosa", "rosa@example.org", "", "3", "27", "1979"):
        page.keyboard.type(typed)
        page.keyboard.press("Tab")
    page.keyboard.press("Tab")  # past the time zone
    page.keyboard.press("Space")
    for _press in range(3):  # both boxes of "what we did", then the scale
        page.keyboard.press("Tab")
    page.keyboard.press("Space")
    for _press in range(7):
        page.keyboard.press("ArrowRight")
    expect(page.locator('input[name="pain"]:checked')).to_have_value("7")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".toast")).to_contain_text("Saved.")


def test_it_works_without_script_and_the_message_stands_in_the_page(parts):
    page = parts(javascript=False)
    fill(page)
    page.get_by_role("button", name="Save answers").click()
    expect(page.locator("main .notice-ok")).to_contain_text("Saved.")
    expect(page.get_by_role("button", name="Undo")).to_be_visible()


def test_a_toast_stays_until_it_is_closed(parts):
    page = parts()
    fill(page)
    page.get_by_role("button", name="Save answers").click()
    expect(page.locator(".toast")).to_be_visible()
    page.locator(".toast").get_by_role("button", name="Close").click()
    expect(page.locator(".toast")).to_have_count(0)


def test_two_quick_presses_send_one_form(parts):
    page = parts()
    fill(page)
    sent = []

    def note(request) -> None:
        if request.method == "POST":
            sent.append(request.url)

    page.on("request", note)
    page.get_by_role("button", name="Save answers").dblclick()
    expect(page.locator(".toast")).to_be_visible()
    assert len(sent) == 1


def test_a_hold_says_once_that_it_ends_soon(parts):
    page = parts()
    expect(page.locator("[data-hold-say]")).to_have_text(
        "Two minutes are left on this time. You can keep it for 10 more."
    )
    assert 0 < page.locator(".hold progress").evaluate("bar => bar.value") <= 10


@pytest.mark.parametrize("status", [200, 409, 422])
def test_an_htmx_answer_with_this_status_is_shown(parts, status):
    page = parts()
    page.get_by_label("Words").fill(str(status))
    page.get_by_role("button", name="Send words").click()
    expect(page.locator("#live-answer")).to_have_text(f"answer {status}")


@pytest.mark.parametrize(
    ("sent", "said"), [("401", "You were signed out."), ("401 Nothing happened.", "Nothing happened.")]
)
def test_an_htmx_answer_without_a_session_keeps_the_text_and_says_why(parts, sent, said):
    page = parts()
    page.get_by_label("Words").fill(sent)
    page.get_by_role("button", name="Send words").click()
    expect(page.locator("#request-notice")).to_have_text(
        f"{said} Your text is still here. Sign in in another window, then send again."
    )
    expect(page.get_by_label("Words")).to_have_value(sent)
    expect(page.locator("#live-answer")).to_be_empty()


def test_a_question_in_place_gives_the_focus_back(parts):
    page = parts()
    page.get_by_role("link", name="Cancel it").click()
    expect(page.locator("dialog h2")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("link", name="Cancel it")).to_be_focused()
