"""What a person gets of intake, and what can be erased."""

import json

import pytest
from django.utils import timezone

from intake import alerts, measures, registration
from intake.models import Answer, MeasureResponse, Registration
from intake.privacy import ClinicalRecordKept, erase, export
from tests.intake.conftest import answered
from tests.intake.test_alerts import FOUND


def test_an_export_holds_answers_in_words_with_their_attribution_and_everything_done(in_care, phq, therapist):
    answered(in_care, phq, [None] + [0] * 7 + [1])
    alert = alerts.open_alerts(in_care).get()
    alerts.acknowledge(by=therapist, alert=alert)
    alerts.record_attempt(by=therapist, alert=alert, way="phone", reached=True, words="Talked.")
    alerts.assess(by=therapist, alert=alert, next_contact_on=timezone.localdate(), details="Said so.", **FOUND)
    found = json.loads(json.dumps(export(in_care)))
    sheet = found["questionnaires"][0]
    assert sheet["answers"][0]["answer"] == "prefer not to answer"
    assert sheet["answers"][8]["answer"] == "Several days"
    assert "No permission required" in sheet["attribution"]
    assert found["risk_alerts"][0]["attempts"][0]["words"] == "Talked."
    assert found["risk_assessments"][0]["details"] == "Said so."
    assert found["registration"] is None


def test_registration_and_unfinished_answers_are_erased_with_their_history(patient, phq, other_patient):
    for person in (patient, other_patient):
        registration.begin(by=person.user, patient=person)
        begun = measures.start_response(by=person.user, patient=person, version=phq)
        measures.save_answer(by=person.user, response=begun, item="phq9-1", value=1)
    assert erase(patient) > 0
    for model in (MeasureResponse, Registration):
        assert list(model.objects.values_list("patient", flat=True)) == [other_patient.pk]
        assert set(model.pgh_event_model.objects.values_list("patient_id", flat=True)) == {other_patient.pk}
    assert Answer.objects.count() == Answer.pgh_event_model.objects.count() == 1


def test_a_clinical_record_is_not_erased(patient, phq):
    answered(patient, phq, [0] * 9)
    with pytest.raises(ClinicalRecordKept):
        erase(patient)
    assert MeasureResponse.objects.count() == 1
