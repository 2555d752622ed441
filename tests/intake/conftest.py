"""The instruments in use, two people who answer alerts, and the therapist's patient."""

import pytest

from intake import alerts, instrument, measures
from intake.models import InstrumentVersion
from tests import cast


def responders(*users) -> None:
    for user in users:
        alerts.name_responder(by=None, user=user)


def in_use() -> dict[str, InstrumentVersion]:
    """PEG and PHQ-9 loaded and activated, by slug; the responders must stand."""
    return {version.instrument.slug: version for version in instrument.load_all(by=None)}


def answer_all(response, values, by=None):
    """Save these answers of a response one by one; ``None`` is "prefer not to answer"."""
    by = by or response.patient.user
    for item, value in zip(response.definition.scale.items, values, strict=True):
        measures.save_answer(by=by, response=response, item=item, value=value, skipped=value is None)


def answered(patient, version, values):
    """A finished response of the patient with these answers."""
    response = measures.start_response(by=patient.user, patient=patient, version=version)
    answer_all(response, values)
    return measures.complete(by=patient.user, response=response)


@pytest.fixture
def instruments(supervisor, other_therapist):
    responders(supervisor, other_therapist)
    return in_use()


@pytest.fixture
def phq(instruments):
    return instruments["phq-9"]


@pytest.fixture
def peg(instruments):
    return instruments["peg"]


@pytest.fixture
def in_care(patient, therapist):
    """The therapist treats the patient; the patient row is returned."""
    cast.care(patient, therapist)
    return patient
