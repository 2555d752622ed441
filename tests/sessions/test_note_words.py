"""A note in words: facts that belong together in one line, changes and bands as people say them."""

import pytest
from django.template.loader import render_to_string
from django.utils import translation

from sessions import documents, note_words
from tests.sessions.conftest import signed, written

PHQ = {"title": "PHQ-9", "now": "12", "band": "moderate", "start": "", "last": "", "change": ""}


def lines_of(document, block) -> dict[str, str]:
    section = next(s for s in note_words.sections(document) if s.key == block)
    return {line.label: line.text or "; ".join(line.items) for line in section.lines}


def test_in_out_and_length_stand_in_one_line(session):
    assert lines_of(signed(session).document, "attendance")["Time"] == "11:01 to 11:52, 51 minutes"


def test_times_that_make_no_length_stand_as_they_were_typed(session):

    draft = documents.build(written(session, time_out="noonish"))
    lines = lines_of(draft, "attendance")
    assert (lines["In"], lines["Out"]) == ("11:01", "noonish")
    assert "Time" not in lines


def test_a_number_on_a_scale_says_of_how_many(signed_note):
    assert lines_of(signed_note.document, "response")["Engagement"] == "3 of 4"
    assert lines_of(signed_note.document, "measures")["Pain now"] == "5 of 10"


@pytest.mark.parametrize(
    ("change", "band", "words"),
    [
        ("-2.0", "", "2.0 lower"),
        ("+3", "moderate", "3 higher, moderate"),
        ("0", "mild", "no change, mild"),
        ("", "mild", "mild"),
        ("", "", ""),
    ],
)
def test_a_change_since_the_start_is_said_in_words(change, band, words):
    assert note_words.since_start({"change": change, "band": band}) == words


def test_a_homework_review_typed_in_another_window_is_shown_in_words():
    assert note_words.shown("reviews", {"7": {"outcome": "partly", "learning": "Mornings"}}) == "Partly, Mornings"


def test_a_signed_result_says_its_band_in_the_readers_words(monkeypatch):
    catalogue = translation.trans_real.translation("fr")._catalog._catalogs[-1]
    monkeypatch.setitem(catalogue, "moderate", "modéré")
    with translation.override("fr"):
        assert note_words.measure_words(PHQ) == "PHQ-9: 12, modéré"
        assert "modéré" in render_to_string("sessions/note/measures.html", {"measures": [PHQ]})
