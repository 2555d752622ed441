"""The gate: no questionnaire without a licence basis, none that can raise an alert without people to answer it."""

import pytest

from intake import instrument
from intake.instrument import NotActivated
from intake.models import InstrumentVersion, RiskResponder
from practice.models import AuditEvent, Practice
from tests.intake.conftest import in_use, responders


def loaded(slug: str, **changes) -> InstrumentVersion:
    body = next(body for body in instrument.bodies() if body["slug"] == slug)
    return instrument.load(by=None, body=body | changes)


def test_t57_an_unknown_licence_is_refused_and_the_refusal_is_audited(clinic, manager):
    body = next(body for body in instrument.bodies() if body["slug"] == "peg")
    version = loaded("peg", licence=body["licence"] | {"status": "unknown"})
    with pytest.raises(NotActivated, match="licence"):
        instrument.activate(by=manager, version=version)
    assert AuditEvent.objects.get(action="denied").object_id == str(version.pk)
    assert not InstrumentVersion.objects.active().exists()


def test_phq_9_needs_two_responders_and_peg_needs_none(clinic, supervisor, other_therapist):
    assert instrument.activate(by=None, version=loaded("peg")).is_active
    version = loaded("phq-9")
    with pytest.raises(NotActivated, match="Two people"):
        instrument.activate(by=None, version=version)
    responders(supervisor)
    with pytest.raises(NotActivated, match="Two people"):
        instrument.activate(by=None, version=version)
    responders(other_therapist)
    assert instrument.activate(by=None, version=version).is_active


def test_a_responder_who_left_does_not_count(clinic, supervisor, other_therapist):
    responders(supervisor, other_therapist)
    RiskResponder.objects.filter(user=supervisor).update(is_active=False)
    with pytest.raises(NotActivated, match="Two people"):
        instrument.activate(by=None, version=loaded("phq-9"))


def test_phq_9_needs_opening_hours(clinic, supervisor, other_therapist):
    responders(supervisor, other_therapist)
    Practice.objects.update(opening_hours="")
    with pytest.raises(NotActivated, match="opening hours"):
        instrument.activate(by=None, version=loaded("phq-9"))


def test_loading_the_same_edition_again_changes_nothing(instruments):
    again = in_use()
    assert {slug: version.pk for slug, version in again.items()} == {s: v.pk for s, v in instruments.items()}
    assert InstrumentVersion.objects.count() == 2


def test_a_new_edition_takes_the_place_of_the_old(instruments):
    newer = instrument.activate(by=None, version=loaded("peg", version="1.1.0"))
    active = InstrumentVersion.objects.active().filter(instrument__slug="peg")
    assert list(active) == [newer]
