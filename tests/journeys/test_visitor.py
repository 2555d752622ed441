"""A visitor in a real browser: finds a therapist, holds a time, books it, moves and cancels it by the private link."""

import re
from datetime import timedelta

import pytest
from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from practice import manage_links
from practice.models import Appointment, ConsentRecord, Message, Status
from practice.models.consent import ConsentType, Decision
from tests import cast
from tests.browser import FIRST_VISIT, assert_accessible, wire_weight
from tests.practice.schedule import confirmed, contact

pytestmark = pytest.mark.browser
NAME, EMAIL = "Maren Oyelaran", "maren.oyelaran@example.org"
INES = {"slug": "ines-varga"}
FOCUSED = """(({name, labels, innerText}) =>
    name === 'starts' || !labels?.length ? innerText || name : labels[0].innerText)(document.activeElement)"""
BROKEN_DAYS = """Array.from(document.querySelectorAll(".dates span")).map(word =>
    [word.innerText, word.offsetHeight / parseFloat(getComputedStyle(word).lineHeight), word.offsetWidth,
     word.parentNode.clientWidth]).filter(([_, lines, wide, room]) => lines > 1.5 || wide > room)"""
NEXT_WEEK = re.compile(r"\w+ \d+ to \w+ \d+")


@pytest.fixture
def clinic(served):
    """The practice with two therapists who have free times, and nobody booked."""
    place = cast.clinic()
    place.ines, _tomas = cast.PEOPLE["therapist"](), cast.PEOPLE["other_therapist"]()
    return place


def to_a_week_from_now(page: Page) -> None:
    """Turn to the next week, where every change is still open to the visitor, and there to another day with times."""
    week = page.get_by_role("link", name=NEXT_WEEK)
    address = week.get_attribute("href")
    week.click()
    page.wait_for_url(lambda url: url.endswith(address))
    day = page.locator(".dates a[href]:not([aria-current])").first
    name = day.get_attribute("id")
    day.click()
    expect(page.locator(f"#{name}")).to_have_attribute("aria-current", "date")


def hold_a_time(page: Page, nth: int = 0) -> str:
    """From the directory to the form, as a person clicks; returns the day and time as the picker printed them."""
    page.goto(reverse("practice:therapist-list"))
    page.get_by_role("link", name="Ines Varga", exact=True).click()
    expect(page.locator("h1")).to_have_text("Ines Varga")
    page.get_by_role("link", name="Choose a time").click()
    to_a_week_from_now(page)
    expect(page.locator("#times")).to_be_visible()
    chosen = f"{page.locator('#times').inner_text()}, {page.locator('.pick').nth(nth).inner_text()}"
    page.locator(".pick").nth(nth).click()
    page.get_by_role("button", name="Hold this time").click()
    expect(page.locator("h1")).to_have_text("Book a free talk")
    return chosen


def type_words(page: Page) -> None:
    page.get_by_label("Your name").fill(NAME)
    page.get_by_label("E-mail", exact=True).fill(EMAIL)
    page.get_by_label("You may e-mail me about this appointment").check()


def book(page: Page) -> Appointment:
    page.get_by_role("button", name=re.compile("^Book ")).click()
    expect(page.locator("h1")).to_have_text("Your talk is booked")
    return the_booking()


def the_booking() -> Appointment:
    return Appointment.objects.select_related("manage_link", "patient", "location").exclude(status=Status.HELD).get()


def link_path(appointment: Appointment) -> str:
    return manage_links.url_for(appointment).removeprefix(settings.PUBLIC_URL)


def change_by_link(page: Page, appointment: Appointment) -> None:
    """Opens the private link, says "I will come", moves to another time of another week and cancels."""
    page.goto(link_path(appointment))
    expect(page).to_have_url(re.compile(reverse("practice:manage-show", args=[appointment.uid]) + "$"))
    expect(page.locator("main")).not_to_contain_text("Ines")
    page.get_by_role("button", name="Yes, I will come").click()
    expect(page.get_by_text("We know that you are coming")).to_be_visible()
    page.get_by_role("link", name="Move it").click()
    to_a_week_from_now(page)
    page.locator(".pick").nth(1).click()
    page.get_by_role("button", name="Move to this time").click()
    expect(page.get_by_text(re.compile("^Moved to .* Before, it was on "))).to_be_visible()
    moved = the_booking()
    assert moved.starts_at > appointment.starts_at + timedelta(days=2)
    assert (moved.revision, moved.pk) == (1, appointment.pk)
    page.get_by_role("link", name="Cancel it").click()
    expect(page.locator("h1")).to_have_text("Cancel the appointment?")
    page.get_by_role("button", name="Cancel the appointment").click()
    expect(page.get_by_text("Cancelled.", exact=True)).to_be_visible()
    assert the_booking().status == Status.CANCELLED_EARLY


@pytest.mark.parametrize("width", [390, 1280])
def test_a_visitor_books_and_changes_it_by_the_private_link(clinic, page_for, width):
    page = page_for(width=width)
    chosen = hold_a_time(page)
    expect(page.locator(".hold")).to_contain_text("Held for you until")
    type_words(page)
    row = book(page)
    expect(page.locator(".display")).to_have_text(chosen)
    assert row.patient.full_name == NAME
    said = ConsentRecord.objects.filter(patient=row.patient).values_list("type", "decision")
    assert (ConsentType.EMAIL, Decision.GIVEN) in said
    assert (ConsentType.SMS, Decision.GIVEN) not in said
    assert Message.objects.filter(patient=row.patient, channel="email").exists()
    expect(page.locator(".code")).to_have_text(manage_links.url_for(row))
    change_by_link(page_for(width=width), row)  # another window: the link alone opens it


def test_the_same_without_script(clinic, page_for):
    page = page_for(width=390, javascript=False)
    hold_a_time(page)
    type_words(page)
    change_by_link(page_for(javascript=False), book(page))


def test_back_after_a_form_that_was_mended_shows_what_is_booked(clinic, page_for):
    page = page_for()
    hold_a_time(page)
    for _time in range(2):
        page.get_by_role("button", name=re.compile("^Book ")).click()
        expect(page.locator(".error-summary")).to_be_visible()
    type_words(page)
    book(page)
    page.go_back()  # fails where the browser asks whether to send a form again
    expect(page.get_by_text("no other time is held")).to_be_visible()
    page.get_by_role("link", name="See what is booked").click()
    expect(page.locator(".code")).to_be_visible()


def test_back_to_a_form_with_an_error_shows_the_form(clinic, page_for):
    page = page_for()
    hold_a_time(page)
    page.get_by_role("button", name=re.compile("^Book ")).click()
    expect(page.locator(".error-summary")).to_be_visible()
    page.get_by_role("link", name="Choose a different time").click()
    expect(page.locator("#times")).to_be_visible()
    page.go_back()
    expect(page.get_by_label("Your name")).to_be_visible()


def test_back_after_a_move_that_was_refused_shows_the_times_again(clinic, page_for):
    starts_at = timezone.now().replace(hour=17, minute=0, second=0, microsecond=0) + timedelta(days=7)
    while starts_at.weekday() > 4:
        starts_at += timedelta(days=1)
    talk = confirmed(clinic, clinic.ines, starts_at, contact(EMAIL, NAME))
    page = page_for(javascript=True)
    page.goto(link_path(talk))
    page.get_by_role("link", name="Move it").click()
    page.locator("form.stack").evaluate("form => form.noValidate = true")
    page.get_by_role("button", name="Move to this time").click()
    expect(page.get_by_text("One answer needs another look")).to_be_visible()
    page.locator(".pick").nth(1).click()
    page.get_by_role("button", name="Move to this time").click()
    expect(page.locator("h1")).to_have_text("Your appointment")
    page.go_back()
    expect(page.locator("h1")).to_have_text("Move your appointment")


def test_days_and_the_booked_date_do_not_break_apart_on_a_phone(clinic, page_for):
    page = page_for(width=390)
    page.goto(reverse("practice:slot-list", kwargs=INES))
    to_a_week_from_now(page)
    expect(page.locator(".dates")).to_contain_text("times")
    assert page.evaluate(BROKEN_DAYS) == []
    page.locator(".pick").first.click()
    page.get_by_role("button", name="Hold this time").click()
    type_words(page)
    local = book(page).starts_at.astimezone(clinic.location.zone_info)
    expect(page.locator(".display .nowrap").first).to_have_text(f"{local:%B} {local.day},")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def press_to(page: Page, name: str) -> None:
    """Press Tab until what has the focus says ``name``, and shows it; fails where the keys never reach it."""
    for _press in range(80):
        page.keyboard.press("Tab")
        words = page.evaluate(FOCUSED)
        if (words or "").strip().startswith(name):
            assert page.evaluate("document.activeElement.matches(':focus-visible')"), f"{name} shows no focus"
            return
    raise AssertionError(f"{name!r} is not reached by Tab on {page.url}")


def enter_on(page: Page, name: str, heading: str) -> None:
    """Reach ``name`` by Tab and press Enter, which leads to the page with this heading."""
    press_to(page, name)
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text(heading)


def choose_by_keys(page: Page, nth: int) -> None:
    """The nth time offered: a group of times is one stop of Tab, the arrows choose in it."""
    press_to(page, "starts")
    page.keyboard.press("Space")
    for _press in range(nth):
        page.keyboard.press("ArrowRight")
    expect(page.locator(".pick input").nth(nth)).to_be_checked()


def test_the_same_by_the_keyboard_alone(clinic, page_for):
    page = page_for()
    page.goto(reverse("practice:therapist-list"))
    enter_on(page, "Ines Varga", "Ines Varga")
    enter_on(page, "Choose a time", "A free talk with Ines Varga")
    week = page.get_by_role("link", name=NEXT_WEEK)
    press_to(page, week.inner_text().strip())
    with page.expect_navigation():
        page.keyboard.press("Enter")
    choose_by_keys(page, 1)
    enter_on(page, "Hold this time", "Book a free talk")
    for label, typed in (("Your name", NAME), ("E-mail", EMAIL)):
        press_to(page, label)
        page.keyboard.type(typed)
    press_to(page, "You may e-mail me")
    page.keyboard.press("Space")
    enter_on(page, "Book ", "Your talk is booked")
    booked = the_booking()
    enter_on(page, "Change or cancel", "Your appointment")
    enter_on(page, "Yes, I will come", "Your appointment")
    expect(page.get_by_text("We know that you are coming")).to_be_visible()
    enter_on(page, "Move it", "Move your appointment")
    choose_by_keys(page, 2)
    enter_on(page, "Move to this time", "Your appointment")
    expect(page.get_by_text(re.compile("^Moved to .* Before, it was on "))).to_be_visible()
    assert the_booking().starts_at != booked.starts_at
    enter_on(page, "Cancel it", "Cancel the appointment?")
    enter_on(page, "Cancel the appointment", "Your appointment")
    expect(page.get_by_text("Cancelled.", exact=True)).to_be_visible()
    assert the_booking().status == Status.CANCELLED_EARLY
    assert ConsentRecord.objects.filter(type=ConsentType.EMAIL, decision=Decision.GIVEN).exists()


def taken_by_somebody_else(clinic) -> None:
    """The hold of the page runs out, and another visitor books the time."""
    Appointment.objects.filter(status=Status.HELD).update(held_until=timezone.now() - timedelta(seconds=1))
    starts_at = Appointment.objects.get(status=Status.HELD).starts_at
    confirmed(clinic, clinic.ines, starts_at, contact("leon.abara@example.org", "Leon Abara"))


@pytest.mark.parametrize("javascript", [True, False])
def test_a_time_taken_meanwhile_keeps_what_was_typed_and_offers_the_nearest(clinic, page_for, javascript):
    page = page_for(width=390, javascript=javascript)
    hold_a_time(page, nth=3)
    type_words(page)
    page.get_by_label("Phone").fill("541 555 0177")
    taken_by_somebody_else(clinic)
    with page.expect_response(lambda answer: answer.request.method == "POST") as answer:
        page.get_by_role("button", name=re.compile("^Book ")).click()
    assert answer.value.status == 409
    expect(page.locator("h1")).to_have_text("That time has just gone")
    expect(page.get_by_label("Your name")).to_have_value(NAME)
    expect(page.get_by_label("E-mail", exact=True)).to_have_value(EMAIL)
    expect(page.get_by_label("Phone")).to_have_value("541 555 0177")
    expect(page.get_by_label("You may e-mail me about this appointment")).to_be_checked()
    expect(page.locator(".pick")).to_have_count(3)
    page.locator(".pick").nth(1).click()
    page.get_by_role("button", name="Book the time chosen above").click()
    expect(page.locator("h1")).to_have_text("Your talk is booked")
    assert Appointment.objects.filter(status=Status.BOOKED).count() == 2


def test_a_time_held_by_somebody_else_offers_the_nearest(clinic, page_for):
    page, rival = page_for(), page_for()
    for each in (page, rival):
        each.goto(reverse("practice:slot-list", kwargs=INES))
        to_a_week_from_now(each)
        each.locator(".pick").nth(2).click()
    rival.get_by_role("button", name="Hold this time").click()
    expect(rival.locator("h1")).to_have_text("Book a free talk")
    page.get_by_role("button", name="Hold this time").click()
    expect(page.locator("h1")).to_have_text("That time has just gone")
    page.get_by_role("button", name=re.compile("^Hold ")).first.click()
    expect(page.locator("h1")).to_have_text("Book a free talk")


def test_the_way_of_a_booking_is_accessible_and_light(clinic, page_for):
    page = page_for()
    hold_a_time(page)
    assert_accessible(page)
    page.get_by_role("button", name=re.compile("^Book ")).click()
    expect(page.locator(".error-summary")).to_be_visible()
    assert_accessible(page)
    type_words(page)
    taken_by_somebody_else(clinic)
    page.get_by_role("button", name=re.compile("^Book ")).click()
    expect(page.locator("h1")).to_have_text("That time has just gone")
    assert_accessible(page)
    page.get_by_role("button", name="Book the time chosen above").click()
    expect(page.locator("h1")).to_have_text("Your talk is booked")
    assert_accessible(page)
    booked = Appointment.objects.select_related("manage_link").get(patient__email=EMAIL)
    other = page_for()
    assert wire_weight(other, link_path(booked)) < FIRST_VISIT
    for name in ("manage-show", "manage-move", "manage-cancel"):
        other.goto(reverse(f"practice:{name}", args=[booked.uid]))
        assert_accessible(other)


@pytest.mark.parametrize("javascript", [True, False])
def test_a_double_click_and_the_back_button_make_one_booking(clinic, page_for, javascript):
    page = page_for(javascript=javascript)
    hold_a_time(page)
    type_words(page)
    page.get_by_role("button", name=re.compile("^Book ")).dblclick()
    expect(page.locator("h1")).to_have_text("Your talk is booked")
    page.go_back()
    again = page.get_by_role("button", name=re.compile("^Book "))
    if again.count():  # the browser kept the form with its words
        again.click()
        expect(page.locator("h1")).to_have_text("Your talk is booked")
    else:
        expect(page.get_by_text("no other time is held")).to_be_visible()
    the_booking()
    assert not Appointment.objects.filter(status=Status.HELD).exists()
