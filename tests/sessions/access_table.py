"""Who reaches the pages of treatment; read together with tests/practice/access_table.py.

Front desk and manager reach none of them. A supervisor reads what a case holds; only the author writes a note, so the
rows of the author's pages name the treating therapist alone.
"""

from practice.models import Status
from sessions import drafts
from tests import cast
from tests.practice.access_table import CASE, clinicians, patients, roles
from tests.sessions import conftest as rooms

AUTHOR = "therapist"


def treated(world, side):
    """A course of the side's patient with its clinician, opened once."""
    return world.once(("course", side.patient.pk), lambda: rooms.open_twelve(side.patient, side.clinician))


def session_of(world, side):
    def attend():
        treated(world, side)
        return rooms.attend(side.patient, side.clinician, 2)

    return world.once(("session", side.patient.pk), attend)


def patient_pk(world, side):
    return {"patient_pk": side.patient.pk}


def course_pk(world, side):
    return {"pk": treated(world, side).pk}


def draft_pk(world, side):
    return {"pk": rooms.note_of(session_of(world, side)).pk}


def session_pk(world, side):
    return {"pk": session_of(world, side).pk}


def signed_pk(world, side):
    def sign():
        treated(world, side)
        return rooms.signed(rooms.attend(side.patient, side.clinician, 9))

    return {"pk": world.once(("signed", side.patient.pk), sign).pk}


def clash_pks(world, side):
    def clash():
        note = rooms.note_of(session_of(world, side))
        return drafts.keep_clash(by=side.clinician, note=note, content={"did": "Other"}, version=0, window="w")

    return {**draft_pk(world, side), "clash_pk": world.once(("clash", side.patient.pk), clash).pk}


def line_of_draft(world, side):
    return {**draft_pk(world, side), "place": 0}


def talk_pk(world, side):
    def talk():
        kind = cast.clinic().consultation
        return rooms.visit(side.patient, side.clinician, 40, type=kind, status=Status.ATTENDED)

    return {"appointment_pk": world.once(("talk", side.patient.pk), talk).pk}


def missed_pk(world, side):
    def missed():
        return rooms.visit(side.patient, side.clinician, 20, status=Status.NO_SHOW)

    return {"appointment_pk": world.once(("missed", side.patient.pk), missed).pk}


RULES = {
    # The free talk and the course
    "sessions:consultation-outcome": roles(AUTHOR, of=talk_pk),
    "sessions:course-create": roles("therapist trainee", of=patient_pk),
    "sessions:course-detail": roles(CASE, of=course_pk),
    "sessions:course-extend": roles(AUTHOR, of=course_pk),
    # The chart
    "sessions:chart-detail": roles(CASE, of=patient_pk),
    "sessions:chart-notes": roles(CASE, of=patient_pk),
    # An attended visit
    "sessions:session-kind": roles(AUTHOR, of=session_pk),
    # Notes
    "sessions:note-list": clinicians(),
    "sessions:note-detail": roles(CASE, of=signed_pk),
    "sessions:note-start": roles(AUTHOR, of=missed_pk, post_only=True),
    "sessions:note-edit": roles(AUTHOR, of=draft_pk),
    "sessions:note-autosave": roles(AUTHOR, of=draft_pk, post_only=True),
    "sessions:note-compare": roles(AUTHOR, of=clash_pks),
    "sessions:note-homework-add": roles(AUTHOR, of=draft_pk, post_only=True),
    "sessions:note-homework-remove": roles(AUTHOR, of=line_of_draft, post_only=True),
    "sessions:note-reading": roles(AUTHOR, of=draft_pk),
    "sessions:note-risk": roles(AUTHOR, of=draft_pk),
    "sessions:note-sign": roles(AUTHOR, of=draft_pk),
    "sessions:addendum-create": roles("therapist trainee", of=signed_pk),
    # The patient's own
    "sessions:patient-course": patients(),
    "sessions:patient-note-list": patients(),
    "sessions:patient-note": roles("patient", of=signed_pk),
}
