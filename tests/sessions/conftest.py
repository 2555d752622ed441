"""A patient in treatment: consents given, a course of twelve, sessions attended, a note ready for its signature."""

from datetime import timedelta

import pytest
from django.utils import timezone

from practice import attending, consents
from practice.models import Status
from practice.models.consent import ConsentType, Decision
from sessions import courses, drafts, notes
from sessions.models import ProgressNote
from tests import cast

NEEDED = (ConsentType.TREATMENT, ConsentType.NPP_ACK, ConsentType.FINANCIAL)
WORDS = {
    "attendance": "attended",
    "modality": "in_person",
    "time_in": "11:01",
    "time_out": "11:52",
    "risk_suicide": "none",
    "risk_others": "none",
    "risk_abuse": "none",
    "risk_change": "same",
    "pain_now": "5",
    "pain_week": "6",
    "function": "Back at work four mornings; sits 25 minutes before a break.",
    "medical": "none",
    "measures_reason": "No tablet in the room today.",
    "interventions": ["COG-TEST", "COG-COPECARD"],
    "intervention_minutes": {"COG-TEST": "20"},
    "modules": ["ASSESS"],
    "did": "Worked through Saturday's flare. Wrote one coping card for the morning.",
    "engagement": "3",
    "response": "Calm by the third try.",
    "patient_words": "The card sounds like me.",
    "assessment": "Fear of bending keeps the back still; one test went well.",
    "diagnosis": "unchanged",
    "plan": "Bending, with the low shelf at home.",
    "homework": [{"text": "Bend to the low shelf", "how_often": "5 times a day"}],
    "next_step": "to_book",
}


def consent_to_all(patient) -> None:
    for kind in NEEDED:
        consents.record_consent(by=None, patient=patient, type=kind, decision=Decision.GIVEN)


def open_twelve(patient, clinician, template="12"):
    consent_to_all(patient)
    return courses.open_course(by=clinician, patient=patient, therapist=clinician.therapist, template=template)


def visit(patient, clinician, days_ago: float, **fields):
    """An appointment that many days ago, not attended yet."""
    starts_at = timezone.now().replace(minute=0, second=0, microsecond=0) - timedelta(days=days_ago)
    return cast.appointment(therapist=clinician.therapist, patient=patient, starts_at=starts_at, **fields)


def attend(patient, clinician, days_ago: float, *, short: bool = False, **fields):
    """The session of a visit that many days ago, marked as attended."""
    row = visit(patient, clinician, days_ago, **fields)
    attending.mark_attended(by=clinician, appointment=row, short=short)
    return row.therapy_session


def note_of(session) -> ProgressNote:
    return ProgressNote.objects.get(session=session)


def written(session, **changes) -> ProgressNote:
    """The draft of a session with everything that a signature needs."""
    note = note_of(session)
    reviews = {
        str(pk): {"outcome": "done", "obstacle": "", "learning": ""} for pk in notes.surroundings(note).homework_due
    }
    return drafts.save_draft(
        by=note.author, note=note, content={**WORDS, "reviews": reviews, **changes}, version=note.version
    )


def signed(session, extension_reason: str = "", **changes) -> ProgressNote:
    note = written(session, **changes)
    return notes.sign(
        by=note.author, note=note, version=note.version, similar_is_meant=True, extension_reason=extension_reason
    )


@pytest.fixture
def treated(patient, therapist):
    """The patient under the therapist's care, with every consent given and no course yet."""
    cast.care(patient, therapist)
    consent_to_all(patient)
    return patient


@pytest.fixture
def course(treated, therapist):
    return courses.open_course(by=therapist, patient=treated, therapist=therapist.therapist, template="12")


@pytest.fixture
def session(course, therapist):
    return attend(course.patient, therapist, 1)


@pytest.fixture
def draft(session):
    return note_of(session)


@pytest.fixture
def signed_note(session):
    return signed(session)


MISSED = Status.NO_SHOW
