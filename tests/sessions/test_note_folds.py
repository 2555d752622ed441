"""The note editor on a narrow page: its parts fold, its bar stands above the tabs and lies over no field."""

import re

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from tests.sessions.conftest import WORDS, attend, note_of, written
from tests.sessions.test_journey import case, url

__all__ = ["case"]
PART = re.compile(r'aria-labelledby="b-(\w+)">.*?<details( open)?>.*?id="state-\w+">([^<]*)<', re.DOTALL)
# The middle of what has the focus, and whether something else lies over it there.
COVERED = """() => {
  const field = document.activeElement, box = (field.closest("label") || field).getBoundingClientRect();
  const over = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
  const shown = over && (over.closest("label") || over);
  const lies = over && over.closest(".dock, .nav") && !field.closest(".dock, .nav");
  return [field.name || field.textContent.trim().slice(0, 30), Boolean(lies) || !shown];
}"""


def parts(client, note, query: str = "") -> dict[str, tuple[bool, str]]:
    """Whether each part is open, and what its line says."""
    page = client.get(reverse("sessions:note-edit", args=[note.pk]) + query).content.decode()
    return {key: (bool(is_open), state) for key, is_open, state in PART.findall(page)}


# -- What is open ----------------------------------------------------------------------------------------------------
@pytest.mark.django_db
def test_the_first_part_that_lacks_something_is_open_and_every_part_says_how_it_stands(session, therapist, as_):
    client, note = as_(therapist), written(session, risk_suicide="", risk_change="", plan="")
    found = parts(client, note)
    assert found["attendance"] == (False, "Complete")
    assert found["risk"] == (True, "2 left")
    assert found["plan"] == (False, "1 left")
    assert found["agenda"] == (False, "")  # all of it is optional
    assert [key for key, (is_open, _state) in found.items() if is_open] == ["risk"]


@pytest.mark.django_db
def test_after_a_look_for_what_is_left_every_part_that_lacks_something_is_open(session, therapist, as_):
    client, note = as_(therapist), written(session, risk_change="", homework=[], plan="")
    found = parts(client, note, "?check")
    assert [key for key, (is_open, _state) in found.items() if is_open] == ["risk", "plan"]
    assert found["plan"][1] == "2 left"


@pytest.mark.django_db
def test_the_structured_form_counts_in_the_risk_check_and_a_full_note_is_folded(session, therapist, as_):
    client = as_(therapist)
    note = written(session, risk_suicide="passive", **dict.fromkeys(
        ("risk_plan", "risk_intent", "risk_means", "risk_attempt"), "no"
    ))  # fmt: skip
    assert parts(client, note)["risk"] == (True, "1 left")
    note = written(session, risk_suicide="none")
    assert not any(is_open for is_open, _state in parts(client, note).values())


@pytest.mark.django_db
def test_homework_of_last_time_is_asked_for_until_each_line_has_its_word(signed_note, course, therapist, as_):
    client, again = as_(therapist), attend(course.patient, therapist, 0.2)
    note = note_of(again)
    assert parts(client, note)["review"][1] == "1 left"
    assert parts(client, written(again))["review"][1] == "Complete"


@pytest.mark.django_db
def test_saving_in_the_background_says_how_each_part_stands_now(session, therapist, as_):
    client, note = as_(therapist), note_of(session)
    typed = {key: value for key, value in WORDS.items() if isinstance(value, str)}
    answer = client.post(reverse("sessions:note-autosave", args=[note.pk]), {**typed, "plan": "", "version": 0})
    said = answer.json()["parts"]
    assert (said["attendance"], said["plan"], said["agenda"]) == ("Complete", "2 left", "")


# -- In a browser ----------------------------------------------------------------------------------------------------
@pytest.mark.browser
@pytest.mark.parametrize(("width", "height"), [(390, 844), (320, 225)])  # a phone, and 400 % of 1280 by 900
def test_the_bar_stands_above_the_tabs_and_nothing_that_is_filled_in_lies_under_it(case, page_for, width, height):
    page = page_for(case.therapist, width=width)
    page.set_viewport_size({"width": width, "height": height})
    page.goto(url("note-edit", case.note.pk) + "?check")
    bar, tabs = page.locator(".dock").bounding_box(), page.locator(".nav").bounding_box()
    overlap = min(bar["y"] + bar["height"], tabs["y"] + tabs["height"]) - max(bar["y"], tabs["y"])
    assert overlap <= 0
    page.locator("h1").click()
    seen = []
    for _press in range(120):
        page.keyboard.press("Tab")
        name, covered = page.evaluate(COVERED)
        seen.append(name)
        assert not covered, name
        if name == "necessity":
            break
    assert {"time_in", "function", "did", "plan", "necessity"} <= set(seen)


@pytest.mark.browser
@pytest.mark.parametrize("javascript", [True, False])
def test_on_a_phone_parts_fold_and_a_link_to_what_is_left_unfolds_its_own(case, page_for, javascript):
    page = page_for(case.therapist, width=390, javascript=javascript)
    page.goto(url("note-edit", case.note.pk))
    expect(page.get_by_label("In", exact=True)).to_be_visible()
    expect(page.get_by_label("Your summary")).to_be_hidden()
    page.locator("summary", has_text="Assessment").click()
    expect(page.get_by_label("Your summary")).to_be_visible()
    expect(page.get_by_label("Next focus")).to_be_hidden()
    page.locator("#left").get_by_role("link", name="Next focus").click()
    expect(page.get_by_label("Next focus")).to_be_visible()
    for line in page.locator(".part summary").all():
        if line.is_visible():
            assert line.bounding_box()["height"] >= 44


@pytest.mark.browser
def test_where_there_is_room_every_part_is_open(case, page_for):
    page = page_for(case.therapist, width=1280, javascript=False)
    page.goto(url("note-edit", case.note.pk))
    for field in ("In", "Your summary", "Next focus"):
        expect(page.get_by_label(field, exact=True)).to_be_visible()
    expect(page.locator(".part > details > summary").first).to_be_hidden()


@pytest.mark.browser
@pytest.mark.parametrize(("width", "height"), [(1280, 800), (1024, 768)])
def test_beside_the_note_nothing_lies_under_the_bar(case, page_for, width, height):
    page = page_for(case.therapist, width=width)
    page.set_viewport_size({"width": width, "height": height})
    page.goto(url("note-edit", case.note.pk) + "?check")
    for scrolled in (0, 800):
        page.mouse.wheel(0, scrolled)
        aside, bar = page.locator("aside").bounding_box(), page.locator(".dock").bounding_box()
        assert aside["y"] + aside["height"] > bar["y"], "both stand at the same height"
        assert aside["x"] >= bar["x"] + bar["width"]
    page.locator("aside").get_by_role("link").last.focus()
    assert not page.evaluate(COVERED)[1]
    page.locator("h1").click()
    for _press in range(100):
        page.keyboard.press("Tab")
        name, covered = page.evaluate(COVERED)
        assert not covered, name
        if name == "necessity":
            break
    assert name == "necessity"


@pytest.mark.browser
def test_what_a_line_says_follows_what_is_typed(case, page_for):
    page = page_for(case.therapist, width=390)
    page.goto(url("note-edit", case.note.pk))
    expect(page.locator("#state-attendance")).not_to_have_text("Complete")
    before = page.locator("#state-attendance").inner_text()
    page.get_by_label("In", exact=True).fill(WORDS["time_in"])
    page.keyboard.press("Control+s")
    expect(page.locator("#state-attendance")).not_to_have_text(before)
