"""The pages of education in a real browser: readable by everybody, light, and whole without script."""

import pytest
from playwright.sync_api import expect

from education import articles
from tests.browser import FIRST_VISIT, assert_accessible, wire_weight

pytestmark = pytest.mark.browser
TEXT = "/reading/what-is-chronic-pain/"
OTHER_TEXT = "/reading/ketamine-and-other-medical-options/"
PUBLIC = {
    "/reading/": "Reading",
    "/reading/?q=zzz": "Reading",
    TEXT: "What is chronic pain?",
    OTHER_TEXT: "Ketamine and other medical options: fair facts",
}


def test_public_pages_are_accessible_and_light(served_reading, page_for):
    page = page_for()
    for path, heading in PUBLIC.items():
        assert wire_weight(page, path) < FIRST_VISIT, path
        expect(page.locator("h1")).to_have_text(heading)
    for path in ("/reading/?q=zzz", OTHER_TEXT):  # the rest is walked in tests/journeys/test_every_page.py
        page.goto(path)
        assert_accessible(page)


def test_a_patient_opens_answers_and_finishes_without_script(served_reading, page_for):
    page = page_for(served_reading.patient.user, width=390, javascript=False)
    page.goto("/reading/")
    page.get_by_role("button", name="Open: What is chronic pain?").click()
    expect(page.locator("h1")).to_have_text("What is chronic pain?")
    served_reading.reading.refresh_from_db()
    assert served_reading.reading.opened_at is not None
    page.get_by_text("No, because it goes away at times").click()
    expect(page.get_by_text("Pain that keeps coming back counts too.")).to_be_visible()
    page.get_by_label("Yes", exact=True).check()
    page.get_by_label("A question for my therapist").fill("Is mine the primary kind?")
    page.get_by_role("button", name="I have finished reading").click()
    expect(page.get_by_text("Marked as read.")).to_be_visible()
    served_reading.reading.refresh_from_db()
    assert (served_reading.reading.helpful, served_reading.reading.question_text) == (True, "Is mine the primary kind?")


def test_pages_of_a_patient_and_a_therapist_are_accessible(served_reading, page_for):
    patient = served_reading.patient
    page = page_for(patient.user)
    for path in ("/reading/", TEXT):
        page.goto(path)
        assert_accessible(page)
    articles.finish(by=patient.user, assignment=served_reading.reading, helpful=True, question="Why me?")
    page.goto(TEXT)
    expect(page.get_by_text("You have read this").first).to_be_visible()
    assert_accessible(page)
    page = page_for(served_reading.therapist)
    page.goto(f"/patients/{patient.pk}/reading/")
    expect(page.get_by_text("Why me?")).to_be_visible()
    assert_accessible(page)
    page.goto(f"/patients/{patient.pk}/reading/give/")
    page.get_by_role("button", name="Give this article").click()
    expect(page.locator(".error-summary")).to_be_focused()
    assert_accessible(page)
