"""Intake in a real browser: a risk answer meets help at once, everything works by keys and without script."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from intake import alerts, consent, measures
from intake.models import MeasureResponse, RiskAlert
from practice.models import ConsentRecord
from tests import cast
from tests.browser import FIRST_VISIT, assert_accessible, wire_weight
from tests.intake.conftest import answered, in_use, responders

pytestmark = pytest.mark.browser


@pytest.fixture
def people(served):
    """The cast, the instruments in use and the consent texts, committed."""
    found = cast.everyone()
    responders(found.supervisor, found.other_therapist)
    found.people["versions"] = in_use()
    consent.load_texts(by=None)
    return found


def choose(page, answer: str) -> None:
    page.get_by_text(answer, exact=True).click()
    page.get_by_role("button", name="Next").click()


@pytest.mark.parametrize("javascript", [True, False])
def test_a_risk_answer_meets_help_at_once_and_the_therapist_acknowledges(people, page_for, javascript):
    page = page_for(people.patient.user, width=390, javascript=javascript)
    page.goto(reverse("intake:measure-list"))
    page.get_by_role("button", name="Begin: Your last two weeks").click()
    for number in range(1, 9):
        expect(page.get_by_text(f"question {number} of 9")).to_be_visible()
        choose(page, "Not at all")
    choose(page, "Several days")
    expect(page.locator("h1")).to_have_text("Thank you for telling us")
    assert RiskAlert.objects.get().tier == "R1"
    assert MeasureResponse.objects.get().status == "in_progress"
    assert page.get_by_role("link", name="Call 988").get_attribute("href") == "tel:988"
    boxes = [
        page.get_by_role("button", name=name).bounding_box()
        for name in ("I am safe for now, continue", "I need help now")
    ]
    assert boxes[0]["width"] == boxes[1]["width"]
    assert boxes[0]["height"] == boxes[1]["height"] >= 44
    page.get_by_role("button", name="I am safe for now, continue").click()
    choose(page, "Somewhat difficult")
    expect(page.locator("h1")).to_have_text("Thank you")
    expect(page.get_by_text("You deserve support right now")).to_be_visible()
    expect(page.get_by_text("Screening result")).to_have_count(0)
    staff = page_for(people.therapist, javascript=javascript)
    staff.goto(reverse("intake:alert-list"))
    staff.get_by_role("link", name="Rosa Meier").click()
    expect(staff.get_by_text("Several days")).to_be_visible()
    staff.get_by_role("button", name="I have seen this and take it on").click()
    expect(staff.get_by_text("Seen by Ines Varga")).to_be_visible()
    assert RiskAlert.objects.get().acknowledged_by == people.therapist


def test_help_now_is_one_press_from_the_risk_answer(people, page_for):
    begun = measures.start_response(
        by=people.patient.user, patient=people.patient, version=people.people["versions"]["phq-9"]
    )
    page = page_for(people.patient.user, width=390)
    page.goto(reverse("intake:measure-item", args=[begun.pk, 9]))
    choose(page, "Nearly every day")
    page.get_by_role("button", name="I need help now").click()
    expect(page.locator("h1")).to_have_text("Get help now")
    assert sorted(RiskAlert.objects.values_list("tier", flat=True)) == ["R0", "R1"]


def test_the_scale_is_answered_by_keys_alone(people, page_for):
    page = page_for(people.patient.user)
    begun = measures.start_response(
        by=people.patient.user, patient=people.patient, version=people.people["versions"]["peg"]
    )
    page.goto(reverse("intake:measure-item", args=[begun.pk, 1]))
    page.locator("input[type=radio]").first.focus()
    for _press in range(6):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Next")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_text("question 2 of 3")).to_be_visible()
    assert begun.answers.get().value == 6


def test_a_patient_registers_and_signs(people, page_for):
    page = page_for(people.patient.user, width=390)
    page.goto(reverse("intake:registration-start"))
    page.get_by_role("link", name="Go on").click()
    page.get_by_label("Month").fill("5")
    page.get_by_label("Day").fill("12")
    page.get_by_label("Year").fill("1980")
    page.get_by_role("button", name="Save and go on").click()
    expect(page.locator("h1")).to_have_text("Where you live")
    for label, value in (
        ("Street and number", "1 Harbor Road"),
        ("Town or city", "Tern Bay"),
        ("State or region", "OR"),
        ("ZIP or postal code", "97000"),
    ):
        page.get_by_label(label).fill(value)
    page.get_by_role("button", name="Save and go on").click()
    page.get_by_text("No", exact=True).click()
    page.get_by_role("button", name="Save and go on").click()
    expect(page.locator("h1")).to_have_text("How we may reach you")
    page.get_by_text("No voicemail").click()
    page.get_by_role("button", name="Save and rest").click()
    page.goto(reverse("intake:consent-sign", args=["treatment"]))
    page.get_by_role("button", name="Save my decision").click()
    expect(page.locator(".error-summary")).to_be_focused()
    page.get_by_text("I agree").click()
    page.get_by_label("Your full name").fill("Rosa Meier")
    page.get_by_label("I have read this text").check()
    page.get_by_role("button", name="Save my decision").click()
    expect(page.locator("h1")).to_have_text("In an emergency")
    assert ConsentRecord.objects.get(type="TREATMENT").signed_name == "Rosa Meier"


def pages_of_patient(people):
    """Pages in states that the walk over all pages does not see (tests/journeys/test_every_page.py)."""
    versions = people.people["versions"]
    finished = answered(people.patient, versions["phq-9"], [2, 2, 2, 2, 2, 0, 0, 0, 0])
    answered(people.patient, versions["peg"], [7, 7, 7])
    done = answered(people.patient, versions["peg"], [5, 5, 4])
    risky = measures.start_response(by=people.patient.user, patient=people.patient, version=versions["phq-9"])
    begun = measures.start_response(by=people.patient.user, patient=people.patient, version=versions["peg"])
    return [
        reverse("intake:measure-list"),
        reverse("intake:measure-item", args=[begun.pk, 2]),
        reverse("intake:measure-item", args=[risky.pk, 9]),
        reverse("intake:measure-done", args=[finished.pk]),
        reverse("intake:measure-done", args=[done.pk]),
        *(reverse("intake:registration-step", args=[s]) for s in ("home", "needs", "contact", "emergency")),
    ]


def test_pages_of_a_patient_are_accessible_and_light(people, page_for):
    page = page_for(people.patient.user)
    for path in pages_of_patient(people):
        assert wire_weight(page, path) < FIRST_VISIT, path
        assert_accessible(page)
    page.goto(reverse("intake:registration-step", args=["emergency"]))
    page.get_by_role("button", name="Save and go on").click()
    expect(page.locator(".error-summary")).to_be_focused()
    assert_accessible(page)


def test_pages_of_an_alert_that_is_taken_on_are_accessible(people, page_for):
    pages_of_patient(people)
    versions, patient = people.people["versions"], people.patient
    answered(people.other_patient, versions["phq-9"], [0] * 8 + [1])
    alert = alerts.open_alerts(people.other_patient).get()
    page = page_for(people.other_therapist)
    alerts.acknowledge(by=people.other_therapist, alert=alert)
    for name, args in (
        ("alert-list", []),
        ("alert-detail", [alert.pk]),
        ("alert-assess", [alert.pk]),
        ("alert-close", [alert.pk]),
        ("measure-history", [people.other_patient.pk]),
    ):
        page.goto(reverse(f"intake:{name}", args=args))
        assert_accessible(page)
    desk = page_for(people.front_desk)
    desk.goto(reverse("intake:paper-entry", args=[patient.pk, versions["phq-9"].pk]))
    assert_accessible(desk)


@pytest.mark.parametrize("width", [390, 320])  # a phone, and 400 % of 1280
def test_tables_of_answers_reflow_on_a_narrow_page_with_the_name_of_every_column(people, page_for, width):
    for answers in ([8, 7, 9], [4, 3, 5]):
        response = answered(people.patient, people.versions["peg"], answers)
    page = page_for(people.therapist, width=width)
    page.goto(reverse("intake:measure-history", args=[people.patient.pk]))
    cells = page.locator("tbody td[data-label]:visible")
    said = cells.evaluate_all("all => all.map(cell => getComputedStyle(cell, '::before').content)")
    assert said == ['"Result"', '"Since the last"', '"Since the first"'] * 2
    for name, pk in (("measure-history", people.patient.pk), ("measure-detail", response.pk)):
        page.goto(reverse(f"intake:{name}", args=[pk]))
        assert page.locator(".scroll").evaluate("box => box.scrollWidth - box.clientWidth") <= 0
        assert page.evaluate("document.documentElement.scrollWidth") == width
        assert_accessible(page)
