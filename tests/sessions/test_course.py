"""A course opens with its consents and a template, moves by named steps, and never ends over an open alert."""

from datetime import timedelta

import pytest
from django.utils import timezone

from intake import alerts
from practice import consents
from practice.models import AuditEvent, CareAssignment, Patient, Status
from practice.models.consent import ConsentType, Decision
from sessions import courses
from sessions.models import ConsultationOutcome, Course, State
from tests.sessions.conftest import attend, consent_to_all, open_twelve, signed, visit


def give(patient, kind, decision=Decision.GIVEN):
    consents.record_consent(by=None, patient=patient, type=kind, decision=decision)


# -- The free talk ---------------------------------------------------------------------------------------------------
def test_a_talk_that_leads_to_intake_begins_a_course(patient, therapist, clinic):
    talk = visit(patient, therapist, 1, type=clinic.consultation, status=Status.ATTENDED)
    courses.record_outcome(by=therapist, appointment=talk, outcome="book_intake", note=" Two mornings free ")
    course = Course.objects.get(patient=patient)
    assert (course.state, course.therapist) == (State.INTAKE, therapist.therapist)
    assert ConsultationOutcome.objects.get().note == "Two mornings free"


@pytest.mark.parametrize("outcome", ["think", "refer_on", "not_suitable"])
def test_other_outcomes_begin_nothing(patient, therapist, clinic, outcome):
    talk = visit(patient, therapist, 1, type=clinic.consultation, status=Status.ATTENDED)
    courses.record_outcome(by=therapist, appointment=talk, outcome=outcome)
    assert not Course.objects.exists()


def test_an_outcome_is_recorded_once_and_after_the_talk(patient, therapist, clinic):
    coming = visit(patient, therapist, -1, type=clinic.consultation)
    with pytest.raises(courses.NotAConsultation):
        courses.record_outcome(by=therapist, appointment=coming, outcome="think")
    talk = visit(patient, therapist, 1, type=clinic.consultation, status=Status.ATTENDED)
    courses.record_outcome(by=therapist, appointment=talk, outcome="think")
    with pytest.raises(courses.OutcomeRecorded):
        courses.record_outcome(by=therapist, appointment=talk, outcome="book_intake")


# -- Opening ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("missing", courses.REQUIRED_CONSENTS)
def test_each_consent_that_treatment_needs_is_asked_for(patient, therapist, missing):
    for kind in courses.REQUIRED_CONSENTS:
        if kind != missing:
            give(patient, kind)
    with pytest.raises(courses.ConsentsMissing) as refusal:
        courses.open_course(by=therapist, patient=patient, therapist=therapist.therapist, template="12")
    assert refusal.value.missing == [str(courses.REQUIRED_CONSENTS[missing][1])]
    give(patient, missing)
    assert courses.missing_consents(patient) == []


def test_a_withdrawn_consent_is_missing_again(patient):
    consent_to_all(patient)
    consents.withdraw_consent(by=None, patient=patient, type=ConsentType.TREATMENT)
    assert len(courses.missing_consents(patient)) == 1


def test_a_refused_acknowledgement_of_the_notice_is_enough_but_a_refused_treatment_is_not(patient):
    for kind in courses.REQUIRED_CONSENTS:
        give(patient, kind, Decision.REFUSED)
    assert len(courses.missing_consents(patient)) == 2


def test_opening_lays_out_the_plan_and_takes_the_person_into_care(patient, therapist):
    Patient.objects.filter(pk=patient.pk).update(status=Patient.Status.PROSPECT)
    patient.refresh_from_db()
    course = open_twelve(patient, therapist)
    assert (course.state, course.planned_sessions, course.plan.count()) == (State.ACTIVE, 12, 12)
    assert course.plan.get(position=6).is_review
    patient.refresh_from_db()
    assert patient.status == Patient.Status.PATIENT
    assert CareAssignment.objects.running().filter(patient=patient, clinician=therapist, role="treating").count() == 1


def test_the_running_intake_becomes_the_course(patient, therapist):
    intake = courses.begin_intake(by=therapist, patient=patient, therapist=therapist.therapist)
    course = open_twelve(patient, therapist, "16")
    assert course.pk == intake.pk
    assert list(course.moves.order_by("pk").values_list("from_state", "to_state")) == [
        ("", "intake"),
        ("intake", "active"),
    ]


def test_one_running_course_for_a_pair(course, therapist):
    with pytest.raises(courses.CourseRunning):
        courses.open_course(by=therapist, patient=course.patient, therapist=therapist.therapist, template="10")


def test_a_course_with_another_therapist_may_run_beside(course, other_therapist):
    assert open_twelve(course.patient, other_therapist).is_running


def test_changing_the_template_keeps_what_was_delivered(course, therapist):
    signed(attend(course.patient, therapist, 2))
    courses.change_template(by=therapist, course=course, template="20", reason="Fear of movement")
    course.refresh_from_db()
    assert (course.planned_sessions, course.plan.count()) == (20, 20)
    assert course.plan.get(position=1).delivered_in is not None
    assert course.plan.get(position=3).modules == ["ORIENT", "MED"]


# -- Moving ----------------------------------------------------------------------------------------------------------
def test_a_pause_names_its_facts_and_ends(course, therapist):
    back = timezone.localdate() + timedelta(days=60)
    facts = {"reason": "Surgery", "expected_back_on": back, "risk_note": "None", "contact_plan": "Phone monthly"}
    with pytest.raises(courses.FactsMissing):
        courses.pause(by=therapist, course=course, **{**facts, "contact_plan": " "})
    with pytest.raises(courses.FactsMissing):
        courses.pause(by=therapist, course=course, **{**facts, "expected_back_on": back + timedelta(days=32)})
    paused = courses.pause(by=therapist, course=course, **facts)
    assert paused.state == State.PAUSED
    assert courses.resume(by=therapist, course=paused).state == State.ACTIVE


def test_a_move_from_the_wrong_state_is_refused(course, therapist):
    with pytest.raises(courses.WrongState):
        courses.do_not_proceed(by=therapist, course=course, reason="Moved away")
    with pytest.raises(courses.WrongState):
        courses.resume(by=therapist, course=course)


@pytest.mark.parametrize(("tier", "blocks"), [("R0", True), ("R1", True), ("R2", True), ("R3", False), ("R4", False)])
def test_an_open_alert_keeps_a_course_from_ending(course, therapist, tier, blocks):
    alerts.mark_by_clinician(by=therapist, patient=course.patient, tier=tier, words="Looked worried")

    def end():
        return courses.refer_on(
            by=therapist, course=course, to_whom="Spine clinic", reason="Surgery first", hand_over="sent"
        )

    if blocks:
        with pytest.raises(courses.AlertOpen):
            end()
    else:
        assert end().state == State.REFERRED_ON


def test_below_six_sessions_a_course_is_not_completed(course, therapist):
    with pytest.raises(courses.FactsMissing):
        courses.complete(by=therapist, course=course, reason="", goals_met=True)
    for week in range(6):
        attend(course.patient, therapist, 60 - 7 * week)
    assert courses.complete(by=therapist, course=course, reason="Goals met", goals_met=True).ended_at is not None


def test_only_the_manager_closes_for_the_practice(course, therapist, manager):
    with pytest.raises(courses.NotTheirCourse):
        courses.close_for_practice(by=therapist, course=course, reason="Duplicate")
    assert courses.close_for_practice(by=manager, course=course, reason="Duplicate").state == State.CLOSED_ADMIN


def test_after_the_end_a_new_course_points_to_the_former(course, therapist):
    courses.drop_out(by=therapist, course=course, reason="Two calls, a letter", closing_letter_sent=True)
    again = open_twelve(course.patient, therapist)
    assert again.previous_course == course


def test_a_move_is_audited_by_its_states_and_never_by_its_reason(course, therapist):
    courses.drop_out(by=therapist, course=course, reason="Marker reason", closing_letter_sent=True)
    event = AuditEvent.objects.filter(object_type="therapy_sessions.course").latest("pk")
    assert event.detail == {"from": "active", "to": "dropped_out"}


def test_clinicians_of_the_case_and_the_patient_see_a_course(course, therapist, other_therapist, front_desk, manager):
    people = (therapist, course.patient.user, other_therapist, front_desk, manager)
    assert [Course.objects.visible_to(person).count() for person in people] == [1, 1, 0, 0, 0]
