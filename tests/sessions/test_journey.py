"""In a real browser: a therapist writes, meets the other window, signs, adds; the patient reads; without script too."""

import time

import pytest
from django.conf import settings
from django.urls import reverse
from django.utils.crypto import get_random_string
from playwright.sync_api import Page, expect

from intake.models import RiskAlert
from practice import presence
from practice.browser_session import SessionStore
from sessions.models import ProgressNote
from tests import cast
from tests.browser import FIRST_VISIT, assert_accessible, wire_weight
from tests.sessions.conftest import WORDS, attend, note_of, open_twelve, signed

pytestmark = pytest.mark.browser
PASSWORD = "correct horse battery"
PATIENCE = 30  # seconds


@pytest.fixture
def case(served):
    """Rosa's course, one signed session with homework, and a second one whose note is empty."""
    people = cast.everyone()
    open_twelve(people.patient, people.therapist)
    people.people["before"] = signed(attend(people.patient, people.therapist, 9))
    people.people["note"] = note_of(attend(people.patient, people.therapist, 0.2))
    return people


def url(name: str, *args) -> str:
    return reverse(f"sessions:{name}", args=args)


def until(question, what: str):
    """Wait on the state of the database, never for a time."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if answer := question():
            return answer
        time.sleep(0.05)
    raise AssertionError(f"not in {PATIENCE} s: {what}")


def saved(note: ProgressNote) -> dict:
    return ProgressNote.objects.get(pk=note.pk).content


def pick(page: Page, group: str, name: str) -> None:
    page.get_by_role("group", name=group, exact=True).get_by_label(name, exact=True).check()


def write_everything(page: Page) -> None:
    """Every part that a signature needs, as a person would fill it in."""
    page.get_by_label("In", exact=True).fill(WORDS["time_in"])
    page.get_by_label("Out", exact=True).fill(WORDS["time_out"])
    for group in ("Thoughts of suicide", "Thoughts of harming others", "Concern about abuse"):
        pick(page, group, "None")
    pick(page, "How you met", "In person")
    pick(page, "Change since last time", "No change")
    pick(page, "Pain now", "5")
    pick(page, "Pain on average this week", "6")
    pick(page, "Medical or medicine changes, new red flags", "None")
    pick(page, "Engagement", "3")
    pick(page, "Diagnosis", "Unchanged")
    pick(page, "Next appointment", "To be booked")
    page.get_by_label("Function, in one line").fill(WORDS["function"])
    page.get_by_label("Measures not done because").fill(WORDS["measures_reason"])
    page.get_by_label("How far: Bend to the low shelf").select_option("Partly")
    page.get_by_role("group", name="Interventions").get_by_role("checkbox").first.check()
    page.get_by_role("group", name="Modules delivered").get_by_role("checkbox").first.check()
    page.get_by_label("In your words").fill("Drew the pain alarm together and named three things that turn it down.")
    page.get_by_label("Response, in one line").fill("Curious, asked for the picture to take home.")
    page.get_by_label("Your summary").fill("Understands that hurt and harm differ.")
    page.get_by_label("Next focus").fill("Values and a first step.")
    page.get_by_label("What", exact=True).first.fill("Mark what turns pain up or down")


def test_a_therapist_writes_signs_and_adds_and_the_patient_reads(case, page_for):
    page, note = page_for(case.therapist, with_clock=True), case.note
    page.goto(url("note-edit", note.pk))
    expect(page.get_by_label("Where the patient was")).to_be_visible()  # the visit was by video
    write_everything(page)
    expect(page.get_by_label("Where the patient was")).to_be_hidden()
    assert "plan" not in saved(note)
    page.clock.fast_forward(10_000)
    until(lambda: "plan" in saved(note), "the editor saves by itself after ten seconds")
    expect(page.locator("#left")).to_contain_text("Every part is complete")
    page.get_by_role("button", name="Add homework").click()
    page.get_by_label("What", exact=True).nth(1).fill("Walk to the pier")
    page.keyboard.press("Control+s")
    until(lambda: len(saved(note)["homework"]) == 2, "Ctrl and S save")
    page.get_by_role("button", name="Remove").first.click()
    page.keyboard.press("Control+s")
    until(lambda: [row["text"] for row in saved(note)["homework"]] == ["Walk to the pier"], "the line is gone")
    page.get_by_role("button", name="Sign note").click()
    page.get_by_label("Your password, or the code of your app").fill(PASSWORD)
    page.get_by_role("button", name="Sign note").click()
    expect(page.locator(".head")).to_contain_text("Signed")
    page.get_by_role("link", name="Add an addendum").click()
    page.get_by_label("Correction").check()
    page.get_by_label("What you add").fill("It was the left knee.")
    page.get_by_label("Your password, or the code of your app").fill(PASSWORD)
    page.get_by_role("button", name="Add and sign").click()
    expect(page.get_by_role("heading", name="Addendum")).to_be_visible()

    theirs = page_for(case.patient.user, width=390)
    theirs.goto(url("patient-course"))
    expect(theirs.get_by_text("Session 3 of about 12 is next")).to_be_visible()
    theirs.get_by_role("link").filter(has_text="day,").first.click()
    expect(theirs.locator("main")).to_contain_text("Drew the pain alarm together")
    expect(theirs.locator("main")).to_contain_text("It was the left knee.")


def test_a_save_that_is_asked_for_while_one_is_on_its_way_follows_at_once(case, page_for):
    page, note = page_for(case.therapist, with_clock=True), case.note
    page.goto(url("note-edit", note.pk))
    page.clock.pause_at(page.evaluate("Date.now()") + 1000)  # so that no save comes by the clock
    held = []
    page.route("**/autosave/", lambda route: route.continue_() if held else held.append(route))
    page.get_by_label("Next focus").fill("First")
    page.keyboard.press("Control+s")
    expect(page.locator("#dock-state")).to_contain_text("Saving")
    page.get_by_label("Next focus").fill("First and second")
    page.keyboard.press("Control+s")
    with page.expect_response(lambda answer: "second" in (answer.request.post_data or "")):
        held[0].continue_()
    assert saved(note)["plan"] == "First and second"


def test_two_windows_show_a_conflict_and_lose_no_character(case, page_for):
    first, second, note = page_for(case.therapist), page_for(case.therapist), case.note
    for page in (first, second):
        page.goto(url("note-edit", note.pk))
    first.get_by_label("Next focus").fill("What the first window holds")
    first.keyboard.press("Control+s")
    until(lambda: saved(note).get("plan"), "the first window saves")
    second.get_by_label("Next focus").fill("What the second window holds")
    second.keyboard.press("Control+s")
    expect(second.locator("#dock-state")).to_have_text("Open in another window. Compare both")
    second.locator("#dock-state a").click()
    expect(second.get_by_role("heading", level=1)).to_have_text("Two texts of one note")
    second.get_by_label("Both, one after the other").check()
    second.get_by_role("button", name="Make one note of both").click()
    expect(second.get_by_label("Next focus")).to_have_value("What the first window holds\nWhat the second window holds")


def test_a_note_signed_in_another_window_keeps_what_is_typed_here(case, page_for):
    page, note = page_for(case.therapist), case.note
    page.goto(url("note-edit", note.pk))
    signed(note.session)
    page.get_by_label("Next focus").fill("Typed after the signature")
    page.keyboard.press("Control+s")
    expect(page.locator("#dock-state")).to_have_text("Signed in another window. Copy your text")
    # The browser would ask before it leaves: the text counts as unsaved.
    assert not page.evaluate("window.dispatchEvent(new Event('beforeunload', {cancelable: true}))")
    # No more text is sent from here, but a risk answer is.
    page.get_by_role("group", name="Thoughts of suicide").get_by_text("Passive").click()
    page.keyboard.press("Control+s")
    until(lambda: [alert.tier for alert in RiskAlert.objects.all()] == ["R1"], "a person is told of the risk answer")
    page.get_by_role("button", name="Save draft").last.click()
    expect(page.locator("main")).to_contain_text("Those who answer alerts have been told")
    expect(page.get_by_role("heading", level=1)).to_have_text("The note is signed")
    expect(page.locator("main")).to_contain_text("Typed after the signature")


def test_a_lost_connection_keeps_the_text_and_saves_it_later(case, page_for):
    page, note = page_for(case.therapist), case.note
    page.goto(url("note-edit", note.pk))
    page.route("**/autosave/", lambda route: route.fulfill(status=404))
    page.get_by_label("Next focus").fill("Typed while the line was down")
    page.keyboard.press("Control+s")
    expect(page.locator("#dock-state")).to_contain_text("your text is safe here")
    page.unroute("**/autosave/")
    page.keyboard.press("Control+s")
    until(lambda: saved(note).get("plan"), "the text is saved when the line is back")


def test_a_note_says_why_its_author_was_signed_out_and_keeps_the_text(case, page_for):
    page = page_for(case.therapist)
    page.goto(url("note-edit", case.note.pk))
    known = next(each for each in page.context.cookies() if each["name"] == settings.SESSION_COOKIE_NAME)
    rested = SessionStore(known["value"])
    rested[presence.SEEN_AT] -= 16 * 60
    rested.save()
    page.get_by_label("Your summary").fill("Not saved yet.")
    page.keyboard.press("Control+s")
    expect(page.locator("#dock-state")).to_contain_text(
        "You were signed out because nothing happened for 15 minutes. Sign in in another window; "
        "your text is safe here."
    )
    expect(page.get_by_label("Your summary")).to_have_value("Not saved yet.")


@pytest.mark.parametrize("by", ["Control+s", "Save draft"])
def test_after_a_new_sign_in_in_another_window_the_text_of_this_one_is_saved(case, page_for, as_, served, by):
    page = page_for(case.therapist)
    page.goto(url("note-edit", case.note.pk))
    page.get_by_label("Your summary").fill("Typed before.")
    again = as_(case.therapist).cookies[settings.SESSION_COOKIE_NAME].value
    cookies = {settings.SESSION_COOKIE_NAME: again, settings.CSRF_COOKIE_NAME: get_random_string(32)}
    page.context.add_cookies([{"name": name, "value": value, "url": served} for name, value in cookies.items()])
    if by == "Save draft":
        page.locator(".dock").get_by_role("button", name=by).click()
    else:
        page.keyboard.press(by)
    until(lambda: saved(case.note).get("assessment") == "Typed before.", "the text is saved under the new sign-in")


def test_without_script_a_note_is_written_and_signed(case, page_for):
    page, note = page_for(case.therapist, javascript=False), case.note
    page.goto(url("note-edit", note.pk))
    page.get_by_text("All interventions").click()
    write_everything(page)
    page.get_by_role("button", name="Add homework").click()
    expect(page.get_by_label("What", exact=True)).to_have_count(2)
    page.get_by_role("button", name="Sign note").click()
    page.get_by_label("Your password, or the code of your app").fill(PASSWORD)
    page.get_by_role("button", name="Sign note").click()
    expect(page.locator(".head")).to_contain_text("Signed")
    assert ProgressNote.objects.get(pk=note.pk).is_signed


def test_a_note_is_signed_by_keys_alone(case, page_for):
    page, note = page_for(case.therapist), case.note
    page.goto(url("note-edit", note.pk))
    write_everything(page)
    page.get_by_label("Next focus").focus()
    page.keyboard.press("Control+Enter")
    assert not ProgressNote.objects.get(pk=note.pk).is_signed
    page.get_by_role("button", name="Sign note").press("Enter")
    page.get_by_label("Your password, or the code of your app").focus()
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator(".head")).to_contain_text("Signed")


@pytest.mark.parametrize("width", [390, 1280])
def test_the_structured_risk_form_stands_on_one_grid(case, page_for, width):
    page = page_for(case.therapist, width=width)
    page.goto(url("note-risk", case.note.pk))

    def edges(selector: str, side: str) -> set[int]:
        return {round(each[side]) for each in (one.bounding_box() for one in page.locator(selector).all())}

    columns = edges("fieldset:has(#id_ideation_0) .choice", "x")
    assert len(columns) > 1
    assert edges(".choices-tight .choice", "x") == columns
    for pair in ("#id_substance_use, #id_drivers", "#id_consulted, .date-parts input"):
        assert len(edges(pair, "y")) == (1 if width == 1280 else 2), pair


def test_a_note_that_lacks_parts_and_the_way_to_its_signature_are_accessible(case, page_for):
    """The other pages of clinicians and patients are walked in tests/journeys/test_every_page.py."""
    page = page_for(case.therapist)
    assert wire_weight(page, url("note-edit", case.note.pk) + "?check") < FIRST_VISIT
    for address in (url("note-edit", case.note.pk) + "?check", url("note-sign", case.note.pk)):
        page.goto(address)
        assert_accessible(page)
