"""The desk takes a visit back while its empty draft is open: no text and no risk answer falls between the two."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from education import articles
from intake.models import RiskAlert, RiskTrigger
from practice import attending
from practice.models import Appointment, AuditEvent
from sessions import drafts
from sessions.models import ProgressNote
from tests.education.conftest import published
from tests.sessions.conftest import note_of
from tests.sessions.test_journey import PASSWORD, case, pick, until, url
from tests.sessions.test_pages import typed
from tests.waiting import PATIENCE, beside, waiting

__all__ = ["case"]


@pytest.fixture
def taken_back(draft, front_desk) -> ProgressNote:
    """A draft as its author's window knows it, whose visit the desk took back."""
    attending.undo_attendance(by=front_desk, appointment=draft.appointment)
    assert not ProgressNote.objects.filter(pk=draft.pk).exists()
    return draft


def sent(note: ProgressNote, **changes) -> dict:
    words = {"visit": drafts.word_of_visit(note), "kind": note.kind}
    return typed(note, did="Typed meanwhile", **changes) | words


@pytest.mark.django_db
def test_a_draft_that_went_with_its_visit_is_refused_by_name(taken_back):
    with pytest.raises(drafts.NoteGone):
        drafts.save_draft(by=taken_back.author, note=taken_back, content={"did": "x"}, version=0)


@pytest.mark.django_db
def test_its_text_is_handed_back_and_a_risk_answer_in_it_reaches_those_who_answer_alerts_once(taken_back, as_):
    client, words = as_(taken_back.author), sent(taken_back, risk_suicide="passive")
    answer = client.post(url("note-autosave", taken_back.pk), words, headers={"HX-Request": "true"})
    assert (answer.status_code, answer.json()) == (409, {"gone": url("note-list")})
    for name, args in (("note-edit", []), ("note-homework-add", []), ("note-homework-remove", [0])):
        page = client.post(url(name, taken_back.pk, *args), words)
        assert page.status_code == 409
        assert "Typed meanwhile" in page.content.decode()
        assert "Those who answer alerts have been told" in page.content.decode()
    assert [alert.tier for alert in RiskAlert.objects.all()] == ["R1"]
    assert RiskTrigger.objects.count() == 1
    client.post(url("note-edit", taken_back.pk), words | {"risk_suicide": "active", "risk_plan": "yes"})
    assert sorted(alert.tier for alert in RiskAlert.objects.all()) == ["R0", "R1"]


@pytest.mark.django_db
def test_the_page_leads_to_the_draft_of_the_visit_that_was_marked_again(taken_back, front_desk, as_):
    attending.mark_attended(by=front_desk, appointment=taken_back.appointment)
    again = ProgressNote.objects.get(appointment=taken_back.appointment)
    page = as_(taken_back.author).post(url("note-edit", taken_back.pk), sent(taken_back)).content.decode()
    assert f'href="{url("note-edit", again.pk)}"' in page
    assert "ask the desk" not in page
    assert "have been told" not in page


@pytest.mark.django_db
def test_so_it_is_where_the_visit_was_given_to_a_colleague_since(taken_back, other_therapist, as_):
    Appointment.objects.filter(pk=taken_back.appointment_id).update(therapist=other_therapist.therapist)
    client, words = as_(taken_back.author), sent(taken_back, risk_suicide="active", risk_plan="yes")
    assert client.post(url("note-autosave", taken_back.pk), words, headers={"HX-Request": "true"}).status_code == 409
    page = client.post(url("note-edit", taken_back.pk), words)
    assert (page.status_code, "Typed meanwhile" in page.content.decode()) == (409, True)
    assert [alert.tier for alert in RiskAlert.objects.all()] == ["R0"]
    assert AuditEvent.objects.filter(
        actor_id=taken_back.author_id, action="view", object_type="practice.appointment"
    ).exists()


@pytest.mark.django_db
@pytest.mark.parametrize("word", ["", "{number}", "{number}:signed"])
def test_no_visit_is_shown_to_who_only_knows_its_number(taken_back, as_, word):
    words = sent(taken_back, risk_suicide="passive") | {"visit": word.format(number=taken_back.appointment_id)}
    assert as_(taken_back.author).post(url("note-edit", taken_back.pk), words).status_code == 404
    assert not RiskAlert.objects.exists()


@pytest.mark.parametrize("name", ["note-sign", "note-reading"])
def test_what_is_done_with_a_draft_while_its_visit_is_taken_back_leads_to_the_notes(case, as_, name):
    client, note = as_(case.therapist), case.note
    words = {"version": note.version, "proof": PASSWORD, "article": published(articles.sources())["A03"].article_id}
    with beside() as desk:
        undo, commit = desk.keep(attending.undo_attendance, by=case.front_desk, appointment=note.appointment)
        answer = desk.begin_and_wait(client.post, url(name, note.pk), words)
        assert not answer.done()
        commit()
        undo.result(PATIENCE)
        assert (answer.result(PATIENCE).status_code, answer.result().url) == (302, url("note-list"))
    assert "its empty draft went with it" in client.get(url("note-list")).content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("who", ["other_therapist", "trainee", "supervisor"])
def test_only_whose_visit_it_was_can_send_there(taken_back, as_, request, who):
    client, words = as_(request.getfixturevalue(who)), sent(taken_back, risk_suicide="passive")
    assert client.post(url("note-autosave", taken_back.pk), words).status_code == 404
    assert not RiskAlert.objects.exists()


@pytest.mark.django_db
def test_a_note_that_is_there_is_not_found_as_ever_by_who_did_not_write_it(draft, other_therapist, as_):
    assert as_(other_therapist).post(url("note-edit", draft.pk), sent(draft)).status_code == 404


@pytest.mark.browser
def test_a_save_that_waits_for_the_undo_says_that_the_visit_was_taken_back(case, page_for):
    page, note = page_for(case.therapist), note_of(case.note.session)
    page.goto(url("note-edit", note.pk))
    with beside() as desk:
        undo, commit = desk.keep(attending.undo_attendance, by=case.front_desk, appointment=note.appointment)
        pick(page, "Thoughts of suicide", "Passive")
        page.get_by_label("Next focus").fill("Typed while the desk took it back")
        page.keyboard.press("Control+s")
        until(waiting, "the save waits for the undo")
        commit()
        undo.result(PATIENCE)
    expect(page.locator("#dock-state")).to_have_text("This visit was taken back. Copy your text")
    until(lambda: RiskAlert.objects.filter(patient=case.patient).exists(), "the risk answer is heeded")
    page.get_by_role("button", name="Save draft").last.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("The visit was taken back")
    expect(page.locator("main")).to_contain_text("Typed while the desk took it back")
    page.get_by_role("link", name="Your notes").click()
    assert page.url.endswith(reverse("sessions:note-list"))
