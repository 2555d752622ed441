"""Past its planned sessions a course goes on with a reason, asked of the therapist and never lost (clinical.md 4.6)."""

import pytest
from django.urls import reverse

from practice.models import AuditEvent
from sessions import courses, kinds, notes, outline
from sessions.models import Course, ProgressNote
from sessions.views import signing
from tests.sessions.conftest import attend, open_twelve, signed, written

PASSWORD = "correct horse battery"
WHY = "Two goals are near; four more sessions, as agreed with the patient."


@pytest.fixture
def at_its_end(course, therapist):
    """A course of twelve with twelve attended sessions."""
    for place in range(12):
        attend(course.patient, therapist, 120 - 7 * place)
    return course


@pytest.fixture
def thirteenth(at_its_end, therapist):
    return attend(at_its_end.patient, therapist, 1)


@pytest.fixture
def with_gaps(treated, therapist):
    """A course of ten: 9 and 10 are signed, 7 and 8 are said to have been crisis contacts, eight are counted."""
    course = open_twelve(treated, therapist, template="10")
    made = [attend(treated, therapist, 120 - 7 * place) for place in range(10)]
    for session in made[8:]:
        signed(session)
    for session in made[6:8]:
        kinds.say_kind(by=therapist, session=session, choice="crisis")
    return course


def url(name, *args) -> str:
    return reverse(f"sessions:{name}", args=args)


def reason_of(course) -> str:
    return Course.objects.get(pk=course.pk).extension_reason


# -- The rule --------------------------------------------------------------------------------------------------------
def test_a_session_past_the_plan_is_not_signed_without_a_reason(thirteenth, therapist):
    note = written(thirteenth)
    with pytest.raises(courses.ReasonMissing):
        notes.sign(by=therapist, note=note, version=note.version, extension_reason="  ")
    assert not ProgressNote.objects.get(pk=note.pk).is_signed
    notes.sign(by=therapist, note=note, version=note.version, extension_reason=f" {WHY} ")
    assert reason_of(thirteenth.course) == WHY
    move = thirteenth.course.moves.latest("pk")
    assert (move.reason, move.facts, move.moved_by) == (WHY, {"extended_past": 12}, therapist)


def test_it_is_asked_once_for_a_plan_and_anew_for_another(thirteenth, therapist):
    signed(thirteenth, extension_reason=WHY)
    course = Course.objects.get(pk=thirteenth.course_id)
    signed(attend(course.patient, therapist, 0.5))
    courses.change_template(by=therapist, course=course, template="16", reason="Longer")
    assert reason_of(course) == ""
    assert not courses.wants_reason(Course.objects.get(pk=course.pk), 16)
    assert courses.wants_reason(Course.objects.get(pk=course.pk), 17)


def test_within_the_plan_nothing_is_asked_and_nothing_extended(session, therapist):
    with pytest.raises(courses.WrongState):
        courses.extend(by=therapist, course=session.course, reason=WHY)
    assert signed(session).is_signed


def test_a_short_or_crisis_contact_past_the_plan_needs_no_reason(thirteenth, therapist):
    assert not notes.wants_reason(written(thirteenth, time_in="11:00", time_out="11:10"))
    note = written(thirteenth)
    assert notes.wants_reason(note)
    kinds.say_kind(by=therapist, session=thirteenth, choice="crisis")
    assert notes.sign(by=therapist, note=note, version=note.version).is_signed
    assert reason_of(thirteenth.course) == ""


def test_the_kind_page_foretells_that_it_will_be_asked(thirteenth):
    told = kinds.words_of(kinds.outlooks(thirteenth)["session"])
    assert told == (
        "It is session 13. That is past the 12 planned; the reason for going on is asked for with the signature."
    )


# -- The signature ---------------------------------------------------------------------------------------------------
def test_the_signature_asks_for_the_reason_beside_its_field_and_keeps_what_was_typed(thirteenth, therapist, as_):
    note, client = written(thirteenth), as_(therapist)
    address = url("note-sign", note.pk)
    assert "Why the course goes on" in client.get(address).content.decode()
    answer = client.post(address, {"version": note.version, "proof": PASSWORD, "extension_reason": " "})
    assert answer.status_code == 422
    assert answer.context["form"].errors == {"extension_reason": ["Say why the course goes on."]}
    assert answer.content.decode().count('class="error-summary"') == 1
    answer = client.post(address, {"version": note.version, "proof": "wrong", "extension_reason": WHY})
    assert (answer.status_code, WHY in answer.content.decode()) == (422, True)
    assert not ProgressNote.objects.get(pk=note.pk).is_signed
    answer = client.post(address, {"version": note.version, "proof": PASSWORD, "extension_reason": WHY})
    assert answer.headers["Location"] == url("note-detail", note.pk)
    assert reason_of(thirteenth.course) == WHY


def test_the_signature_of_a_planned_session_does_not_ask(session, therapist, as_):
    note = written(session)
    assert "Why the course goes on" not in as_(therapist).get(url("note-sign", note.pk)).content.decode()


def test_where_signed_numbers_leave_gaps_the_reason_is_asked_and_the_signature_given(with_gaps, therapist, as_):
    note, client = written(attend(with_gaps.patient, therapist, 1)), as_(therapist)
    assert (note.session.number, with_gaps.sessions.filter(counts=True).count()) == (11, 9)
    address = url("note-sign", note.pk)
    assert "Why the course goes on" in client.get(address).content.decode()
    sent = {"version": note.version, "proof": PASSWORD, "extension_reason": WHY, "similar": "on"}
    assert client.post(address, sent).headers["Location"] == url("note-detail", note.pk)
    assert (ProgressNote.objects.get(pk=note.pk).is_signed, reason_of(with_gaps)) == (True, WHY)


def test_what_a_course_refuses_is_told_in_its_own_words():
    assert signing.sentence_of(courses.WrongState("The plan still has sessions to come.")) == (
        "The plan still has sessions to come."
    )


# -- The course ------------------------------------------------------------------------------------------------------
def test_the_course_asks_as_soon_as_the_next_session_lies_past_the_plan(at_its_end, therapist, as_):
    course, client = at_its_end, as_(therapist)
    address = url("course-extend", course.pk)
    for page in (url("course-detail", course.pk), url("chart-detail", course.patient_id)):
        assert address in client.get(page).content.decode()
    answer = client.post(address, {"reason": ""})
    assert answer.status_code == 422
    assert answer.context["form"].errors == {"reason": ["Say why the course goes on."]}
    long = "x" * 201
    answer = client.post(address, {"reason": long})
    assert (answer.status_code, long in answer.content.decode()) == (422, True)
    assert client.post(address, {"reason": WHY}).headers["Location"] == url("course-detail", course.pk)
    assert WHY in client.get(url("course-detail", course.pk)).content.decode()
    assert address not in client.get(url("chart-detail", course.patient_id)).content.decode()
    event = AuditEvent.objects.filter(object_type="therapy_sessions.course", action="change").latest("pk")
    assert event.detail == {"from": "active", "to": "active"}


def test_a_plan_with_sessions_to_come_is_not_extended_and_keeps_the_words(course, therapist, as_):
    client = as_(therapist)
    assert url("course-extend", course.pk) not in client.get(url("course-detail", course.pk)).content.decode()
    answer = client.post(url("course-extend", course.pk), {"reason": WHY})
    assert (answer.status_code, WHY in answer.content.decode(), reason_of(course)) == (409, True, "")


def test_where_signed_numbers_leave_gaps_the_course_asks_before_the_next_session(with_gaps, therapist, as_):
    client, address = as_(therapist), url("course-extend", with_gaps.pk)
    page = client.get(url("course-detail", with_gaps.pk)).content.decode()
    assert "Session 11 is next, beyond the 10 planned." in page
    assert address in page
    assert [mark.state for mark in outline.of_course(with_gaps).marks] == ["done"] * 6 + ["", ""] + ["done"] * 2
    assert client.post(address, {"reason": WHY}).headers["Location"] == url("course-detail", with_gaps.pk)
    assert reason_of(with_gaps) == WHY
