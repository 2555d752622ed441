"""In a real browser: a note that is reloaded, left or duplicated while it is written loses and hides no character."""

import re

import pytest
from django.db import transaction
from django.urls import reverse
from playwright.sync_api import Page, expect

from sessions.models import NoteDraftVersion, ProgressNote
from tests import cast
from tests.sessions.conftest import attend, note_of, open_twelve
from tests.sessions.test_journey import saved, until, url

pytestmark = pytest.mark.browser


@pytest.fixture
def case(served):
    """Rosa's course and a session whose note is empty."""
    people = cast.everyone()
    open_twelve(people.patient, people.therapist)
    people.people["note"] = note_of(attend(people.patient, people.therapist, 0.2))
    return people


def clashes(note: ProgressNote) -> int:
    return NoteDraftVersion.objects.filter(note=note, is_clash=True).count()


def sign_of(page: Page) -> str:
    """The name under which a page saves, once it has asked whether another window lives under it."""
    page.wait_for_timeout(400)
    return page.locator("[name=window]").input_value()


def test_a_page_reloaded_while_its_last_save_is_on_its_way_shows_the_text_and_is_no_conflict(case, page_for):
    page, note = page_for(case.therapist), case.note
    page.goto(url("note-edit", note.pk))
    with transaction.atomic():  # the save on leaving waits here; the reload overtakes it
        ProgressNote.objects.select_for_update().get(pk=note.pk)
        page.get_by_label("Next focus").fill("Typed just before")
        page.reload()
        expect(page.get_by_label("Next focus")).to_have_value("Typed just before")
    page.get_by_label("Next focus").fill("Typed just before, and after")
    page.keyboard.press("Control+s")
    until(lambda: saved(note).get("plan") == "Typed just before, and after", "the whole text is saved")
    expect(page.locator("#dock-state")).to_contain_text("Saved")
    page.reload()
    expect(page.get_by_label("Next focus")).to_have_value("Typed just before, and after")
    expect(page.locator("main")).not_to_contain_text("Another window holds different text")
    assert clashes(note) == 0


def test_text_whose_last_save_never_arrived_is_there_after_the_reload_and_is_saved_by_itself(case, page_for):
    page, note = page_for(case.therapist), case.note
    page.goto(url("note-edit", note.pk))
    page.evaluate("() => { window.fetch = () => Promise.reject(); }")  # of this page; the next one reaches the server
    page.get_by_label("Next focus").fill("Typed while nothing came through")
    page.get_by_label("What", exact=True).first.fill("Walk to the pier")
    page.get_by_role("button", name="Add homework").click()
    page.get_by_label("What", exact=True).nth(1).fill("Rest an hour")
    page.get_by_role("group", name="Thoughts of harming others").get_by_label("None", exact=True).check()
    page.reload()
    expect(page.get_by_label("Next focus")).to_have_value("Typed while nothing came through")
    until(lambda: saved(note).get("plan") == "Typed while nothing came through", "it is saved without a key pressed")
    assert [row["text"] for row in saved(note)["homework"]] == ["Walk to the pier", "Rest an hour"]
    assert (saved(note)["risk_others"], clashes(note)) == ("none", 0)


def test_a_page_left_for_another_and_opened_again_goes_on_where_it_was(case, page_for):
    page, note = page_for(case.therapist), case.note
    page.goto(url("note-edit", note.pk))
    page.get_by_label("Next focus").fill("Left in haste")
    page.goto("/today/")
    page.goto(url("note-edit", note.pk))
    expect(page.get_by_label("Next focus")).to_have_value("Left in haste")
    page.get_by_label("Next focus").fill("Left in haste, come back")
    page.keyboard.press("Control+s")
    until(lambda: saved(note).get("plan") == "Left in haste, come back", "the text is saved")
    assert clashes(note) == 0


def test_text_left_behind_that_another_window_built_on_gives_way_to_it(case, page_for):
    page, note = page_for(case.therapist), case.note
    page.goto(url("note-edit", note.pk))
    page.get_by_label("Next focus").fill("First")
    page.goto("/today/")
    until(lambda: saved(note).get("plan") == "First", "what is left is saved")
    other = page_for(case.therapist)
    other.goto(url("note-edit", note.pk))
    other.get_by_label("Next focus").fill("First, and second")
    other.keyboard.press("Control+s")
    until(lambda: saved(note).get("plan") == "First, and second", "the other window goes on")
    page.goto(url("note-edit", note.pk))
    expect(page.get_by_label("Next focus")).to_have_value("First, and second")
    assert (saved(note)["plan"], clashes(note)) == ("First, and second", 0)


def test_a_duplicated_tab_is_a_window_of_its_own_and_conflicts(case, page_for):
    page, note = page_for(case.therapist), case.note
    page.goto(url("note-edit", note.pk))
    with page.expect_popup() as opened:  # the new window starts with a copy of this one's storage
        page.evaluate("window.open(location.href)")
    twin = opened.value
    assert sign_of(twin) != sign_of(page)
    page.reload()
    assert sign_of(twin) != sign_of(page)
    page.get_by_label("Next focus").fill("What the first window holds")
    page.keyboard.press("Control+s")
    until(lambda: saved(note).get("plan"), "the first window saves")
    twin.get_by_label("Next focus").fill("What the second window holds")
    twin.keyboard.press("Control+s")
    expect(twin.locator("#dock-state")).to_have_text("Open in another window. Compare both")
    assert (saved(note)["plan"], clashes(note)) == ("What the first window holds", 1)


def test_tabs_duplicated_away_from_the_note_do_not_share_a_name(case, page_for):
    page, address = page_for(case.therapist), url("note-edit", case.note.pk)
    page.goto(address)
    name = sign_of(page)
    page.goto("/today/")
    with page.expect_popup() as opened:
        page.evaluate("window.open(location.href)")
    twin = opened.value
    page.goto(address)
    assert sign_of(page) == name
    twin.goto(re.match(r"https?://[^/]+", page.url)[0] + address)
    assert sign_of(twin) != name


def test_two_live_pages_under_one_name_keep_both_texts(case, page_for):
    """As where a frozen tab could not say that it lives."""
    first, second, note = page_for(case.therapist), page_for(case.therapist), case.note
    for page in (first, second):
        page.goto(url("note-edit", note.pk))
    first.get_by_label("Next focus").fill("One")
    first.keyboard.press("Control+s")
    until(lambda: saved(note).get("plan") == "One", "the first page saves")
    first.get_by_label("Next focus").fill("One of the first")
    first.keyboard.press("Control+s")
    until(lambda: saved(note).get("plan") == "One of the first", "the first page saves again")
    name = sign_of(first)
    second.evaluate("name => { document.querySelector('[name=window]').value = name; }", name)
    second.get_by_label("Next focus").fill("Of the second")
    second.keyboard.press("Control+s")
    expect(second.locator("#dock-state")).to_have_text("Open in another window. Compare both")
    assert (saved(note)["plan"], clashes(note)) == ("One of the first", 1)


def type_and_leave(page: Page, note: ProgressNote) -> None:
    """Type what never reaches the server, and go to the question whether to sign out."""
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto(url("note-edit", note.pk))
    page.evaluate("() => { window.fetch = () => Promise.reject(); }")
    page.get_by_label("Next focus").fill("Unsent")
    page.goto(reverse("account_logout"))


def test_text_a_tab_keeps_does_not_outlive_a_sign_out(case, page_for):
    page, note = page_for(case.therapist), case.note
    type_and_leave(page, note)
    assert "Unsent" in page.evaluate("JSON.stringify(sessionStorage)")
    page.locator("main").get_by_role("button", name="Sign out").click()
    page.wait_for_load_state()
    assert page.evaluate("sessionStorage.length") == 0


def test_a_sign_out_that_was_refused_takes_no_text_with_it(case, page_for):
    page, note = page_for(case.therapist), case.note
    type_and_leave(page, note)
    page.evaluate("() => { document.querySelector('main [name=csrfmiddlewaretoken]').value = 'x'.repeat(64); }")
    with page.expect_navigation() as refused:
        page.locator("main").get_by_role("button", name="Sign out").click()
    assert refused.value.status == 403
    page.goto(url("note-edit", note.pk))
    expect(page.get_by_label("Next focus")).to_have_value("Unsent")
