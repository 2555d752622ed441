"""Arrived, attended, did not come, and the undo of each."""

from datetime import timedelta
from types import SimpleNamespace

import pytest

from practice import attending
from practice.attending import AttendanceFixed, CannotMark
from practice.models import Appointment, AuditEvent, Status
from tests import cast
from tests.practice.schedule import TUESDAY_NINE, frozen

__all__ = ["frozen"]
MINUTE = timedelta(minutes=1)


@pytest.fixture
def visit(frozen, therapist, patient) -> Appointment:
    frozen.move_to(TUESDAY_NINE)
    return cast.appointment(therapist=therapist.therapist, patient=patient, starts_at=TUESDAY_NINE)


@pytest.fixture
def hooks(monkeypatch):
    """An app's attendance.py, in place of those installed."""
    calls = []

    def attended(*, by, appointment):
        calls.append(("attended", appointment.pk))

    def attendance_undone(*, by, appointment):
        if appointment.staff_note == "signed":
            raise AttendanceFixed("A signed note rests on it.")
        calls.append(("undone", appointment.pk))

    module = SimpleNamespace(attended=attended, attendance_undone=attendance_undone)
    monkeypatch.setattr(attending, "attendance_modules", lambda: (module,))
    return calls


def test_late_is_minutes_on_the_arrival(visit, front_desk, hooks):
    assert attending.mark_arrived(by=front_desk, appointment=visit, late_minutes=7).late_minutes == 7
    assert attending.mark_late(by=front_desk, appointment=visit, minutes=9).late_minutes == 9
    assert [e.action for e in AuditEvent.objects.filter(object_id=str(visit.pk))] == ["attendance"] * 2


def test_attendance_tells_the_other_apps_once(visit, front_desk, hooks):
    attending.mark_attended(by=front_desk, appointment=visit)
    attending.mark_attended(by=front_desk, appointment=visit)
    assert hooks == [("attended", visit.pk)]


def test_the_undo_goes_back_one_step(visit, front_desk, hooks):
    attending.mark_arrived(by=front_desk, appointment=visit)
    attending.mark_attended(by=front_desk, appointment=visit, short=True)
    back = attending.undo_attendance(by=front_desk, appointment=visit)
    assert (back.status, back.attended_short) == (Status.ARRIVED, False)
    assert attending.undo_attendance(by=front_desk, appointment=visit).status == Status.BOOKED
    assert hooks == [("attended", visit.pk), ("undone", visit.pk), ("undone", visit.pk)]


def test_what_rests_on_the_attendance_refuses_the_undo(visit, front_desk, hooks):
    attending.mark_attended(by=front_desk, appointment=visit)
    Appointment.objects.update(staff_note="signed")
    with pytest.raises(AttendanceFixed):
        attending.undo_attendance(by=front_desk, appointment=visit)
    visit.refresh_from_db()
    assert visit.status == Status.ATTENDED


def test_nobody_missed_or_attended_a_visit_that_has_not_begun(visit, front_desk, frozen, hooks):
    frozen.move_to(TUESDAY_NINE - MINUTE)
    with pytest.raises(CannotMark):
        attending.mark_no_show(by=front_desk, appointment=visit)
    with pytest.raises(CannotMark):
        attending.mark_attended(by=front_desk, appointment=visit)


def test_a_missed_visit_can_be_taken_back(visit, front_desk, hooks):
    assert attending.mark_no_show(by=front_desk, appointment=visit).status == Status.NO_SHOW
    assert attending.undo_attendance(by=front_desk, appointment=visit).status == Status.BOOKED
    assert hooks == [("undone", visit.pk)]


def test_attendance_does_not_touch_the_calendar_entry(visit, front_desk, hooks):
    assert attending.mark_attended(by=front_desk, appointment=visit).revision == 0
