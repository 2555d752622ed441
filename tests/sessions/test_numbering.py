"""Only attended clinical sessions consume a number (clinical.md 4.6)."""

from contextlib import suppress

import pytest

from practice import attending, changing
from practice.models import Appointment, AppointmentType, Status
from sessions import courses, drafts, notes, numbering
from sessions.attendance import NoteIsSigned, NoteIsWritten, OutcomeIsRecorded
from sessions.models import ProgressNote, TherapySession
from tests import cast
from tests.sessions.conftest import attend, open_twelve, signed, visit, written


def numbers(course):
    return [session.number for session in course.sessions.order_by("starts_at")]


def test_the_worked_example(course, therapist):
    """1 attended, 2 attended, 3 no-show, 4 cancelled early, 5 attended, 6 attended 12 minutes, 7 attended."""
    patient = course.patient
    made = [visit(patient, therapist, 70 - 7 * n) for n in range(7)]
    for place, row in enumerate(made, 1):
        if place == 3:
            attending.mark_no_show(by=therapist, appointment=row)
        elif place == 4:
            Appointment.objects.filter(pk=row.pk).update(status=Status.CANCELLED_EARLY, cancelled_at=row.starts_at)
        else:
            attending.mark_attended(by=therapist, appointment=row, short=place == 6)
    found = {s.appointment_id: s for s in TherapySession.objects.filter(course=course)}
    assert [found[row.pk].number if row.pk in found else None for row in made] == [1, 2, None, None, 3, None, 4]
    assert ProgressNote.objects.get(appointment=made[5]).kind == ProgressNote.Kind.SHORT


def test_a_free_talk_makes_no_session(treated, therapist, clinic):
    row = visit(treated, therapist, 1, type=clinic.consultation)
    attending.mark_attended(by=therapist, appointment=row)
    assert not TherapySession.objects.exists()


def test_a_late_entered_session_renumbers_the_unsigned_ones_after_it(course, therapist):
    first, third = attend(course.patient, therapist, 30), attend(course.patient, therapist, 10)
    second = attend(course.patient, therapist, 20)
    assert numbers(course) == [1, 2, 3]
    third.refresh_from_db()
    assert (first.number, second.number, third.number) == (1, 2, 3)


def test_a_signed_later_session_keeps_its_number_and_shows_its_place_by_date(course, therapist):
    attend(course.patient, therapist, 30)
    later = attend(course.patient, therapist, 10)
    signed(later)
    fourth = attend(course.patient, therapist, 5)
    entered_late = attend(course.patient, therapist, 20)
    later.refresh_from_db()
    fourth.refresh_from_db()
    assert (later.number, entered_late.number, fourth.number) == (2, 3, 4)
    assert numbering.display_number(later) == 3
    assert numbering.display_number(entered_late) == 2
    assert numbering.display_numbers(list(course.sessions.all())) == {
        s.pk: numbering.display_number(s) for s in course.sessions.all()
    }


def test_boosters_crisis_contacts_and_joint_sessions_are_not_numbered(course, therapist, clinic):
    def kind(code):
        return AppointmentType.objects.create(
            code=code, name=str(code), length=clinic.session.length, modalities=cast.ALL_MODALITIES
        )

    attend(course.patient, therapist, 40)
    booster = attend(course.patient, therapist, 30, type=kind(AppointmentType.Code.BOOSTER))
    again = attend(course.patient, therapist, 28, type=booster.appointment.type)
    family = attend(course.patient, therapist, 20, type=kind(AppointmentType.Code.FAMILY))
    crisis = numbering.set_kind(by=therapist, session=attend(course.patient, therapist, 10), kind="crisis")
    assert [numbering.name_of(s) for s in (booster, again, family, crisis)] == ["B1", "B2", "–", "X1"]
    counting = numbering.set_kind(by=therapist, session=family, kind="family", counts=True)
    assert counting.number == 2


def test_undoing_attendance_takes_the_number_back(course, therapist):
    first = attend(course.patient, therapist, 20)
    second = attend(course.patient, therapist, 10)
    attending.undo_attendance(by=therapist, appointment=first.appointment)
    second.refresh_from_db()
    assert second.number == 1
    assert not ProgressNote.objects.filter(appointment=first.appointment).exists()


def test_attendance_stays_once_the_note_is_signed(session, therapist):
    signed(session)
    with pytest.raises(NoteIsSigned):
        attending.undo_attendance(by=therapist, appointment=session.appointment)
    assert TherapySession.objects.get(pk=session.pk).number == 1


def test_attendance_stays_while_a_draft_holds_text(session, therapist):
    written(session)
    with pytest.raises(NoteIsWritten):
        attending.undo_attendance(by=therapist, appointment=session.appointment)


def missed(course, therapist, days_ago=1):
    row = visit(course.patient, therapist, days_ago)
    attending.mark_no_show(by=therapist, appointment=row)
    row.refresh_from_db()
    return row, notes.begin_contact_note(by=therapist, appointment=row)


def cancelled_late(course, therapist):
    row = visit(course.patient, therapist, -0.2)
    changing.cancel(by=therapist, appointment=row)
    row.refresh_from_db()
    return row, notes.begin_contact_note(by=therapist, appointment=row)


OUTREACH = {"outreach": "Called twice", "risk_considered": "None known", "plan": "Call again", "next_step": "to_book"}


@pytest.mark.parametrize(
    ("begun", "undo"), [(missed, attending.undo_attendance), (cancelled_late, changing.undo_cancel)]
)
def test_what_a_contact_note_says_of_a_visit_is_not_undone(begun, undo, course, therapist):
    row, note = begun(course, therapist)
    note = drafts.save_draft(by=therapist, note=note, content={**note.content, **OUTREACH}, version=note.version)
    with pytest.raises(NoteIsWritten):
        undo(by=therapist, appointment=row)
    notes.sign(by=therapist, note=note, version=note.version)
    with pytest.raises(NoteIsSigned):
        undo(by=therapist, appointment=row)
    assert Appointment.objects.get(pk=row.pk).status == row.status


@pytest.mark.parametrize(
    ("begun", "undo"), [(missed, attending.undo_attendance), (cancelled_late, changing.undo_cancel)]
)
def test_an_empty_contact_note_goes_with_the_undo(begun, undo, course, therapist):
    row, _note = begun(course, therapist)
    assert undo(by=therapist, appointment=row).status == Status.BOOKED
    assert not ProgressNote.objects.filter(appointment=row).exists()


def test_attendance_stays_while_the_text_of_a_second_window_waits(session, therapist):
    note = session.note
    for window, text in (("a", "First"), ("b", "Typed in a second window")):
        with suppress(drafts.StaleVersion):
            drafts.save_draft(by=therapist, note=note, content={"did": text}, version=0, window=window)
    drafts.save_draft(by=therapist, note=note, content={}, version=1, window="a")
    with pytest.raises(NoteIsWritten):
        attending.undo_attendance(by=therapist, appointment=session.appointment)
    assert note.draft_versions.get(is_clash=True).content == {"did": "Typed in a second window"}


@pytest.mark.parametrize("outcome", ["book_intake", "think"])
def test_a_talk_with_an_outcome_took_place(outcome, treated, therapist, clinic):
    talk = visit(treated, therapist, 1, type=clinic.consultation)
    attending.mark_attended(by=therapist, appointment=talk)
    courses.record_outcome(by=therapist, appointment=talk, outcome=outcome)
    with pytest.raises(OutcomeIsRecorded):
        attending.undo_attendance(by=therapist, appointment=talk)


def test_marking_twice_makes_one_session(course, therapist):
    row = visit(course.patient, therapist, 1)
    attending.mark_attended(by=therapist, appointment=row)
    attending.mark_attended(by=therapist, appointment=row)
    assert TherapySession.objects.filter(appointment=row).count() == 1


def test_a_note_whose_times_show_under_16_minutes_is_a_contact(course, therapist):
    session = attend(course.patient, therapist, 3)
    note = signed(session, time_in="11:00", time_out="11:15")
    session.refresh_from_db()
    assert (session.kind, session.number, note.document["header"]["session_number"]) == ("short", None, None)
    assert Appointment.objects.get(pk=session.appointment_id).attended_short
    assert attend(course.patient, therapist, 1).number == 1


def test_sixteen_minutes_count(session):
    signed(session, time_in="11:00", time_out="11:16")
    session.refresh_from_db()
    assert session.number == 1


def test_a_short_note_keeps_its_number_when_a_later_session_is_signed(course, therapist):
    first, second = attend(course.patient, therapist, 9), attend(course.patient, therapist, 2)
    signed(second)
    signed(first, time_in="11:00", time_out="11:10")
    first.refresh_from_db()
    assert first.number == 1


def test_a_session_before_the_course_was_opened_becomes_its_first(treated, therapist):
    early = attend(treated, therapist, 5)
    assert (early.course_id, early.number) == (None, None)
    course = open_twelve(treated, therapist)
    early.refresh_from_db()
    assert (early.course_id, early.number) == (course.pk, 1)


def test_the_position_follows_the_plan_and_not_the_number(course, therapist):
    first = attend(course.patient, therapist, 20)
    signed(first, modules=["ASSESS"])
    second = attend(course.patient, therapist, 10)
    assert (second.number, second.position) == (2, 2)
    signed(second, modules=["GOAL"])
    second.refresh_from_db()
    assert second.position == 3
    assert attend(course.patient, therapist, 1).position == 2


def test_more_sessions_than_planned_go_on(course, therapist):
    made = [attend(course.patient, therapist, 100 - 7 * n) for n in range(13)]
    assert made[12].number == 13
    assert made[12].position is None


@pytest.mark.parametrize(
    ("signed_numbers", "expected"),
    [([None, None, None], [1, 2, 3]), ([None, 1, None], [2, 1, 3]), ([1, None, 2, None], [1, 3, 2, 4])],
)
def test_numbers_never_touch_a_signed_one(signed_numbers, expected):
    rows = [TherapySession(number=n, signed_at=cast.at("2026-05-12 18:00") if n else None) for n in signed_numbers]
    numbering.assign_numbers(rows)
    assert [row.number for row in rows] == expected
