"""The treating therapist says what an attended visit was; what that does to the numbers is told before it is saved."""

import pytest
from django.urls import reverse

from practice import attending
from practice.models import Appointment, AuditEvent
from sessions import drafts, kinds, notes, numbering
from sessions.models import ProgressNote
from sessions.views.note_page import keys_that_differ
from tests import cast
from tests.sessions.conftest import WORDS, attend, note_of, open_twelve, signed, written
from tests.waiting import PATIENCE, beside


def url(session, back="") -> str:
    return reverse("sessions:session-kind", args=[session.pk]) + (f"?back={back}" if back else "")


def chosen(session, choice) -> dict[str, str]:
    """The form as a browser sends it that has just shown the page."""
    return {"choice": choice, "seen": numbering.marks_of(session.course)}


def names(course) -> list[str]:
    return [numbering.name_of(session) for session in course.sessions.order_by("starts_at")]


def foretold(session) -> dict[str, str]:
    return {choice: kinds.words_of(outlook) for choice, outlook in kinds.outlooks(session).items()}


# -- What a choice does ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("choice", "after"),
    [
        ("session", ["1", "2", "3"]),
        ("joint_counted", ["1", "2", "3"]),
        ("joint", ["1", "–", "2"]),
        ("crisis", ["1", "X1", "2"]),
        ("booster", ["1", "B1", "2"]),
        ("short", ["1", "–", "2"]),
    ],
)
def test_every_kind_of_the_specification_numbers_as_it_says(choice, after, course, therapist):
    _first, second, _third = (attend(course.patient, therapist, days) for days in (30, 20, 10))
    kinds.say_kind(by=therapist, session=second, choice=choice)
    assert names(course) == after
    second.refresh_from_db()
    assert kinds.choice_of(second) == choice


def is_marked_short(session) -> bool:
    return Appointment.objects.get(pk=session.appointment_id).attended_short


def test_the_desks_mark_of_a_short_visit_follows_what_the_therapist_says(course, therapist):
    session = attend(course.patient, therapist, 10, short=True)
    for choice in ("crisis", "short", "session"):
        kinds.say_kind(by=therapist, session=session, choice=choice)
        assert is_marked_short(session) == (choice == "short"), choice
    told = AuditEvent.objects.filter(action="attendance", object_id=str(session.appointment_id))
    assert told.count() == 1 + 3, "the attendance itself, and every change of its mark"


def test_a_visit_marked_again_after_an_undo_is_as_short_as_it_is_marked(course, therapist):
    session = attend(course.patient, therapist, 10, short=True)
    kinds.say_kind(by=therapist, session=session, choice="session")
    attending.undo_attendance(by=therapist, appointment=session.appointment)
    attending.mark_attended(by=therapist, appointment=session.appointment)
    assert kinds.choice_of(course.sessions.get()) == "session"


def test_a_visit_whose_kind_is_said_while_its_attendance_is_undone_ends_as_one_of_both(committed_db):
    people = cast.everyone()
    open_twelve(people.patient, people.therapist)
    session = attend(people.patient, people.therapist, 10)
    with beside() as other:
        _note, let_go = other.keep(lambda: ProgressNote.objects.select_for_update().get(session=session))
        said = other.begin_and_wait(kinds.say_kind, by=people.therapist, session=session, choice="short")
        undone = other.begin_and_wait(attending.undo_attendance, by=people.therapist, appointment=session.appointment)
        let_go()
        assert said.result(PATIENCE).kind == "short"
        assert undone.result(PATIENCE).attended_short is False
    assert not ProgressNote.objects.exists()


def test_a_visit_whose_attendance_is_taken_back_meanwhile_is_told_and_records_nothing(committed_db, as_):
    people = cast.everyone()
    session = attend(open_twelve(people.patient, people.therapist).patient, people.therapist, 10)
    client, sent = as_(people.therapist), chosen(session, "crisis")
    with beside() as other:
        undone, let_go = other.keep(attending.undo_attendance, by=people.therapist, appointment=session.appointment)
        asked = other.begin_and_wait(client.post, url(session), sent, follow=True)
        let_go()
        undone.result(PATIENCE)
        answer = asked.result(PATIENCE)
    assert answer.redirect_chain == [(reverse("sessions:chart-detail", args=[people.patient.pk]), 302)]
    assert "no longer marked as attended" in answer.content.decode()


def test_what_is_foretold_is_what_happens(course, therapist):
    made = [attend(course.patient, therapist, days) for days in (40, 30, 20, 10)]
    kinds.say_kind(by=therapist, session=made[0], choice="crisis")
    made[3].refresh_from_db()
    signed(made[3])
    second = course.sessions.get(pk=made[1].pk)
    for choice in (*kinds.CHOICES, "crisis", "session"):
        told = kinds.outlooks(second)[choice]
        before = dict(course.sessions.values_list("pk", "number"))
        was = kinds.choice_of(second)
        second = kinds.say_kind(by=therapist, session=second, choice=choice)
        after = dict(course.sessions.values_list("pk", "number"))
        changed = [(before[pk], after[pk]) for pk in before if pk != second.pk and before[pk] != after[pk]]
        assert (second.number, sorted(changed)) == (told.number, sorted(told.moved)), choice
        if was != choice:
            assert second.label == told.label, choice
        else:
            assert changed == []


def test_the_words_name_numbers_that_move_and_signed_ones_that_stay(course, therapist):
    first, *_rest, last = [attend(course.patient, therapist, days) for days in (40, 30, 20, 10)]
    assert foretold(first)["crisis"] == (
        "It is called X1 and takes no number. Sessions not signed yet move: 2 becomes 1, 3 becomes 2, 4 becomes 3."
    )
    signed(last)
    assert foretold(first)["joint"] == (
        "It takes no number. Sessions not signed yet move: 2 becomes 1, 3 becomes 2. "
        "Signed sessions keep their number, with a remark: 4."
    )
    assert foretold(first)["joint_counted"] == "It is session 1."


def test_a_contact_without_a_course_is_foretold_as_that(treated, therapist):
    session = attend(treated, therapist, 1)
    assert foretold(session)["crisis"] == "Its place is settled when a course is opened."
    assert kinds.say_kind(by=therapist, session=session, choice="crisis").label == ""


def test_saying_the_same_again_changes_nothing(course, therapist):
    first, second = attend(course.patient, therapist, 20), attend(course.patient, therapist, 10)
    for session in (first, second):
        kinds.say_kind(by=therapist, session=session, choice="crisis")
    events = AuditEvent.objects.count()
    assert kinds.say_kind(by=therapist, session=first, choice="crisis").label == "X1"
    assert AuditEvent.objects.count() == events


# -- The draft -------------------------------------------------------------------------------------------------------
def test_an_empty_draft_takes_the_form_of_the_kind_and_back(session, therapist):
    kinds.say_kind(by=therapist, session=session, choice="short")
    assert note_of(session).kind == ProgressNote.Kind.SHORT
    kinds.say_kind(by=therapist, session=session, choice="crisis")
    note = note_of(session)
    assert (note.kind, note.content) == (ProgressNote.Kind.SESSION, {"attendance": "attended", "modality": "video"})


def test_a_written_draft_loses_no_word_when_it_becomes_a_contact_note(session, therapist):
    written(session)
    kinds.say_kind(by=therapist, session=session, choice="short")
    note = note_of(session)
    assert note.content["risk_suicide"] == "none"
    for text in (WORDS["did"], WORDS["response"], WORDS["assessment"], "Bend to the low shelf (5 times a day)", "20"):
        assert text in note.content["summary"]
    assert notes.left(note) == []


def test_the_text_of_a_second_window_takes_the_new_form_too(draft, therapist):
    drafts.keep_clash(by=therapist, note=draft, content={"did": "Typed elsewhere"}, version=0, window="b")
    kinds.say_kind(by=therapist, session=draft.session, choice="short")
    assert draft.draft_versions.get(is_clash=True).content == {"summary": "Typed elsewhere"}


def test_a_window_opened_before_the_change_loses_no_word(draft, therapist, as_):
    client = as_(therapist)
    written(draft.session)
    kinds.say_kind(by=therapist, session=draft.session, choice="short")
    sent = {"kind": "session", "did": "Typed late", "response": "Calm", "version": 1, "window": "b"}
    assert client.post(reverse("sessions:note-autosave", args=[draft.pk]), sent).status_code == 409
    assert draft.draft_versions.get(is_clash=True).content == {"summary": "Typed late\nResponse, in one line: Calm"}


def test_a_save_that_read_the_former_form_of_an_empty_draft_waits_beside_it_in_the_new_one(session, therapist):
    as_read = note_of(session)
    kinds.say_kind(by=therapist, session=session, choice="short")
    with pytest.raises(drafts.StaleVersion):
        drafts.save_draft(
            by=therapist, note=as_read, content={"did": "Typed late", "plan": "Rest"}, version=0, window="a"
        )
    note = note_of(session)
    assert note.content == {"attendance": "attended", "modality": "video"}
    clash = note.draft_versions.get(is_clash=True)
    assert clash.content == {"summary": "Typed late", "plan": "Rest"}
    assert keys_that_differ(note, clash.content) == ["attendance", "modality", "summary", "plan"]


def test_a_save_of_the_window_that_wrote_last_does_not_undo_the_new_form(session, therapist):
    note = note_of(session)
    as_read = drafts.save_draft(by=therapist, note=note, content={"plan": "Rest"}, version=0, window="a")
    kinds.say_kind(by=therapist, session=session, choice="short")
    with pytest.raises(drafts.StaleVersion):
        drafts.save_draft(by=therapist, note=as_read, content={"response": "Calm"}, version=1, window="a")
    note = note_of(session)
    assert note.content == {"plan": "Rest"}
    assert note.draft_versions.get(is_clash=True).content == {"summary": "Response, in one line: Calm"}


# -- The page --------------------------------------------------------------------------------------------------------
def test_the_page_tells_what_each_choice_does_and_records_it(course, therapist, as_):
    first, _second = attend(course.patient, therapist, 20), attend(course.patient, therapist, 10)
    client = as_(therapist)
    page = client.get(url(first)).content.decode()
    assert "It is called X1 and takes no number. Sessions not signed yet move: 2 becomes 1." in page
    assert "That is what it is now: Session 1 of about 12." in page
    answer = client.post(url(first), chosen(first, "crisis"))
    assert answer.headers["Location"] == reverse("sessions:course-detail", args=[course.pk])
    assert names(course) == ["X1", "1"]
    kept = AuditEvent.objects.filter(action="change", object_type="therapy_sessions.therapysession")
    assert [event.detail for event in kept.order_by("pk")] == [
        {"number": 1, "before": 2},
        {"kind": "crisis", "counts": False},
    ]


def test_nothing_chosen_is_said_beside_the_question(session, therapist, as_):
    answer = as_(therapist).post(url(session), {"choice": "", "seen": "x"})
    assert answer.status_code == 422
    assert "field-error" in answer.content.decode()
    assert answer.content.decode().count('class="error-summary"') == 1


def test_numbers_that_moved_meanwhile_are_shown_again_with_the_choice_kept(course, therapist, as_):
    session, client = attend(course.patient, therapist, 20), as_(therapist)
    sent = chosen(session, "crisis")
    attend(course.patient, therapist, 30)
    answer = client.post(url(session), sent)
    assert answer.status_code == 409
    assert answer.context["form"]["choice"].value() == "crisis"
    assert names(course) == ["1", "2"]
    assert client.post(url(session), {**sent, "seen": answer.context["seen"]}).status_code == 302
    assert names(course) == ["1", "X1"]


def test_a_signed_visit_stays_what_it_was(session, therapist, as_):
    sent, client = chosen(session, "crisis"), as_(therapist)
    signed(session)
    answer = client.post(url(session), sent)
    assert answer.status_code == 409
    assert "The note of this visit is signed" in answer.content.decode()
    page = client.get(url(session))
    assert (page.status_code, 'name="choice"' in page.content.decode()) == (200, False)
    session.refresh_from_db()
    assert session.number == 1


def test_only_the_treating_therapist_says_it(session, supervisor, other_therapist, as_):
    cast.care(session.patient, supervisor, "supervisor")
    cast.care(session.patient, other_therapist)
    for person in (supervisor, other_therapist):
        assert as_(person).get(url(session)).status_code == 404


def test_the_editor_saves_and_leads_there_and_back(draft, therapist, as_):
    client = as_(therapist)
    edit = reverse("sessions:note-edit", args=[draft.pk])
    assert f"{edit}?then=kind" in client.get(edit).content.decode()
    answer = client.post(f"{edit}?then=kind", {"did": "Typed first", "version": 0, "window": "a", "kind": "session"})
    assert answer.headers["Location"] == url(draft.session, "note")
    assert note_of(draft.session).content["did"] == "Typed first"
    answer = client.post(answer.headers["Location"], chosen(draft.session, "short"))
    assert answer.headers["Location"] == edit
    assert "Typed first" in client.get(edit).content.decode()


@pytest.mark.parametrize("count", [1, 3])
def test_course_and_notes_lead_there_from_every_unsigned_visit_at_the_same_cost(
    count, course, therapist, as_, django_assert_num_queries
):
    made = [attend(course.patient, therapist, 30 - 7 * n) for n in range(count)]
    client = as_(therapist)
    for name, pk, queries in (("course-detail", course.pk, 12), ("chart-notes", course.patient_id, 10)):
        with django_assert_num_queries(queries):
            page = client.get(reverse(f"sessions:{name}", args=[pk])).content.decode()
        assert all(url(session) in page for session in made)
