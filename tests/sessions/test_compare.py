"""Two texts of one note: what is asked, what is suggested, and how one side is kept whole."""

import pytest

from sessions.models import ProgressNote
from tests.sessions.test_pages import typed, url


def test_a_stale_form_is_answered_409_with_both_texts(draft, therapist, as_):
    client = as_(therapist)
    client.post(url("note-edit", draft.pk), typed(draft, did="First window", window="a"))
    answer = client.post(url("note-edit", draft.pk), typed(draft, did="Second window", window="b"))
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "First window" in page
    assert "Second window" in page
    clash = draft.draft_versions.get(is_clash=True)
    chosen = {"version": 1, "keep-did": "both"}
    assert client.post(url("note-compare", draft.pk, clash.pk), chosen).status_code == 302
    assert ProgressNote.objects.get(pk=draft.pk).content["did"] == "First window\nSecond window"


def test_an_undecided_difference_is_asked_again(draft, therapist, as_):
    client = as_(therapist)
    client.post(url("note-edit", draft.pk), typed(draft, pain_now="3", window="a"))
    client.post(url("note-edit", draft.pk), typed(draft, pain_now="8", window="b"))
    clash = draft.draft_versions.get(is_clash=True)
    answer = client.post(url("note-compare", draft.pk, clash.pk), {"version": 1})
    assert answer.status_code == 422
    assert client.get(url("note-compare", draft.pk, clash.pk)).status_code == 200
    assert ProgressNote.objects.get(pk=draft.pk).content["pain_now"] == "3"


def clash_of_two(draft, client, *contents) -> str:
    """The address that compares two texts of a draft, saved by one window and typed in another."""
    for window, content in zip("ab", contents, strict=True):
        client.post(url("note-autosave", draft.pk), {**content, "version": "0", "window": window, "kind": draft.kind})
    return url("note-compare", draft.pk, draft.draft_versions.get(is_clash=True).pk)


def test_a_part_that_one_window_left_empty_is_that_of_the_other_and_is_not_asked(draft, therapist, as_):
    client = as_(therapist)
    address = clash_of_two(draft, client, {"pain_now": "3"}, {"pain_week": "8", "plan": "Bending"})
    suggested = {part.key: part.chosen for part in client.get(address).context["differences"]}
    assert suggested == {"pain_now": "saved", "pain_week": "typed", "plan": "typed"}
    assert client.post(address, {"version": 1}).status_code == 302
    assert ProgressNote.objects.get(pk=draft.pk).content == {"pain_now": "3", "pain_week": "8", "plan": "Bending"}


@pytest.mark.parametrize(("side", "kept"), [("saved", {"pain_now": "3", "did": "One"}), ("typed", {"pain_now": "8"})])
def test_everything_of_one_window_is_kept_by_one_button(draft, therapist, as_, side, kept):
    client = as_(therapist)
    address = clash_of_two(draft, client, {"pain_now": "3", "did": "One"}, {"pain_now": "8"})
    assert f'name="all" value="{side}"' in client.get(address).content.decode()
    assert client.post(address, {"version": 1, "all": side, "keep-did": "saved"}).status_code == 302
    assert ProgressNote.objects.get(pk=draft.pk).content == kept
