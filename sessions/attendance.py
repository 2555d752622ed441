"""What attendance means for treatment; called inside the transaction of ``mark_attended`` and of its undo.

Found by module name (architecture.md 3): practice/attending.py knows nothing of sessions.
"""

from __future__ import annotations

from django.utils.translation import gettext as _

from practice.attending import AttendanceFixed
from practice.audit import Action, record
from practice.models import Appointment, User
from sessions import courses, note_fields, numbering
from sessions.models import ConsultationOutcome, ProgressNote, TherapySession


class NoteIsSigned(AttendanceFixed):
    """The attendance of a visit whose note is signed cannot be undone."""


class NoteIsWritten(AttendanceFixed):
    """Somebody has begun to write the note of this visit; the author clears it before the attendance is undone."""


class OutcomeIsRecorded(AttendanceFixed):
    """What came of a free talk is recorded, and perhaps a course begun: the talk took place."""


def attended(*, by: User, appointment: Appointment) -> TherapySession | None:
    """Make the session of an attended clinical visit, number it under the course's lock, and open its note.

    A free talk is not treatment and gives None. A visit marked as short gives a contact without a number. Marking twice
    changes nothing. Attendance and the opening of a course wait for each other, so that no session is left without its
    course. Raises :class:`NoteIsSigned` where a signed note says that the visit was missed.
    """
    if not appointment.type.is_clinical or appointment.patient_id is None:
        return None
    courses.lock_patient(appointment.patient)
    known = TherapySession.objects.filter(appointment=appointment).first()
    if known is not None:
        return known
    if ProgressNote.objects.signed().filter(appointment=appointment).exists():
        raise NoteIsSigned(_("A signed note says that this visit was missed. Book the contact as a visit of its own."))
    kind = numbering.KIND_OF_TYPE.get(appointment.type.code, TherapySession.Kind.SESSION)
    if appointment.attended_short:
        kind = TherapySession.Kind.SHORT
    session = TherapySession.objects.create(
        appointment=appointment,
        course=numbering.course_for(appointment, kind),
        patient=appointment.patient,
        therapist=appointment.therapist,
        kind=kind,
        counts=kind == TherapySession.Kind.SESSION,
        starts_at=appointment.starts_at,
    )
    session = numbering.place(by=by, session=session)
    record(by=by, action=Action.CREATE, obj=session, patient=session.patient_id, detail={"kind": session.kind})
    open_note(session)
    return session


def open_note(session: TherapySession) -> ProgressNote:
    """The empty draft that waits for the therapist; a contact note begun before attendance was marked is taken over."""
    short = session.kind == TherapySession.Kind.SHORT
    kind = ProgressNote.Kind.SHORT if short else ProgressNote.Kind.SESSION
    note, _created = ProgressNote.objects.update_or_create(
        appointment=session.appointment,
        defaults={"session": session, "kind": kind},
        create_defaults={
            "session": session,
            "kind": kind,
            "patient": session.patient,
            "author": session.therapist.user,
            "content": known_facts(session.appointment),
        },
    )
    return note


def known_facts(appointment: Appointment) -> dict[str, str]:
    """What the schedule knows of a visit, for the head of its draft; never risk, response or times."""
    facts = {"attendance": "attended", "modality": appointment.modality}
    if appointment.late_minutes:
        facts |= {"attendance": "late", "late_minutes": str(appointment.late_minutes)}
    return facts


def attendance_undone(*, by: User, appointment: Appointment) -> None:
    """Take the session back with its empty draft, and renumber the unsigned ones after it.

    Raises :class:`NoteIsSigned`; :class:`NoteIsWritten` where a draft holds text, another window's text waits beside it
    or reading was given with it; :class:`OutcomeIsRecorded` for a free talk with an outcome.
    """
    if ConsultationOutcome.objects.filter(appointment=appointment).exists():
        raise OutcomeIsRecorded(_("What came of this talk is recorded, so it stays as it is."))
    note = ProgressNote.objects.select_for_update().filter(appointment=appointment).first()
    if note is not None and note.is_signed:
        raise NoteIsSigned(_("The note of this visit is signed, so the visit stays as it is."))
    if note is not None and holds_work(note):
        raise NoteIsWritten(_("The note of this visit has been begun. Its author clears it first."))
    if note is not None:
        note.delete()
    session = TherapySession.objects.select_for_update().filter(appointment=appointment).first()
    if session is None:
        return
    course = session.course
    record(by=by, action=Action.CHANGE, obj=session, patient=session.patient_id, detail={"undone": True})
    session.delete()
    if course is not None:
        numbering.renumber(by=by, course=numbering.lock(course))


def holds_work(note: ProgressNote) -> bool:
    """Whether a draft has something of its author in it: typed text, also of a second window, or reading given."""
    waiting = note.draft_versions.filter(is_clash=True)
    return not note_fields.is_empty(note.content) or waiting.exists() or note.articles.exists()
