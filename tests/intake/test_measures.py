"""Answering PEG and PHQ-9: saved answer by answer, acted on when saved, corrected without losing anything."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import DatabaseError, transaction
from django.db.models import ProtectedError
from django.utils import timezone

from intake import measures
from intake.measures import AnswerRejected, NotAnswered, NotOffered, ResponseClosed, ResponseOpen
from intake.models import Answer, InstrumentVersion, MeasureResponse, RiskAlert, RiskTrigger
from practice.models import AuditEvent, Message
from tests.intake.conftest import answer_all, answered

CLEAR = [0] * 9


def tiers() -> list[str]:
    return sorted(RiskAlert.objects.values_list("tier", flat=True))


@pytest.fixture
def response(in_care, phq):
    return measures.start_response(by=in_care.user, patient=in_care, version=phq)


def test_starting_twice_goes_on_with_the_same_response(in_care, phq, response):
    assert measures.start_response(by=in_care.user, patient=in_care, version=phq) == response
    assert AuditEvent.objects.filter(object_type="intake.measureresponse", action="create").count() == 1


def test_an_edition_that_is_switched_off_is_not_offered(in_care, phq):
    InstrumentVersion.objects.filter(pk=phq.pk).update(is_active=False)
    phq.refresh_from_db()
    with pytest.raises(NotOffered):
        measures.start_response(by=in_care.user, patient=in_care, version=phq)


@pytest.mark.parametrize("value", [4, 1.5, "2 ", "2", True])
def test_t20_a_rejected_answer_stores_nothing(response, value):
    with pytest.raises(AnswerRejected):
        measures.save_answer(by=response.patient.user, response=response, item="phq9-3", value=value)
    with pytest.raises(AnswerRejected):
        measures.save_answer(by=response.patient.user, response=response, item="phq9-99", value=1)
    assert not Answer.objects.exists()


def test_saving_the_same_answer_twice_is_one_answer_and_one_trigger(response):
    for _time in range(2):
        saved = measures.save_answer(by=response.patient.user, response=response, item="phq9-9", value=1)
        assert saved.needs_crisis_help
    assert Answer.objects.count() == RiskTrigger.objects.count() == 1


def test_t1_a_clear_response_is_scored_and_alerts_nobody(in_care, phq):
    done = answered(in_care, phq, CLEAR)
    assert (done.status, done.compared, done.score, done.band) == ("completed", 0, Decimal("0.000"), "minimal")
    assert tiers() == []
    assert not Message.objects.exists()


def test_t10_item_nine_and_a_high_total_are_two_alerts(in_care, phq):
    done = answered(in_care, phq, [3] * 9)
    assert (done.compared, done.band) == (27, "severe")
    assert tiers() == ["R1", "R2"]


def test_t12_item_nine_alerts_even_with_a_minimal_total(in_care, phq):
    done = answered(in_care, phq, [0] * 8 + [1])
    assert (done.compared, done.band, tiers()) == (1, "minimal", ["R1"])


def test_t17_item_nine_alerts_even_without_a_total(in_care, phq):
    done = answered(in_care, phq, [2, 2, None, None, None, 1, 1, 1, 1])
    assert (done.compared, done.score, done.band, done.missing, tiers()) == (None, None, "", 3, ["R1"])


def test_t18_a_skipped_item_nine_is_asked_about_within_three_days(in_care, phq):
    done = answered(in_care, phq, [1] * 8 + [None])
    assert (done.compared, done.is_prorated, tiers()) == (9, True, ["R3"])
    assert RiskTrigger.objects.get().kind == "not_answered"


def test_t19_a_risk_answer_alerts_when_saved_and_is_never_submitted(response):
    saved = measures.save_answer(by=response.patient.user, response=response, item="phq9-9", value=2)
    assert saved.needs_crisis_help
    trigger = RiskTrigger.objects.get()
    assert (trigger.alert.tier, trigger.kind, trigger.value, trigger.link_id) == ("R1", "answer", 2, "phq9-9")
    response.refresh_from_db()
    assert response.status == "in_progress"


def test_t21_all_skipped_has_no_total_and_one_question_for_the_therapist(in_care, phq):
    done = answered(in_care, phq, [None] * 9)
    assert (done.compared, done.missing, tiers()) == (None, 9, ["R3"])


def test_t22_paper_entered_by_the_front_desk_alerts_and_says_only_that(in_care, phq, front_desk):
    values = dict(zip(phq.definition.scale.items, [0] * 8 + [1], strict=True))
    today = timezone.now().date()
    done, alerted = measures.enter_on_paper(
        by=front_desk, patient=in_care, version=phq, answers=values, taken_on=today - timedelta(days=1)
    )
    assert alerted
    assert (done.compared, done.band, done.source, done.entered_by) == (1, "minimal", "paper", front_desk)
    assert done.taken_at < done.completed_at
    assert tiers() == ["R1"]
    assert not MeasureResponse.objects.visible_to(front_desk).exists()
    assert not RiskAlert.objects.visible_to(front_desk).exists()


def test_paper_with_an_impossible_answer_stores_nothing(in_care, phq, front_desk):
    values = {"phq9-9": 1, "phq9-1": 7}
    with pytest.raises(AnswerRejected):
        measures.enter_on_paper(
            by=front_desk, patient=in_care, version=phq, answers=values, taken_on=timezone.now().date()
        )
    assert not MeasureResponse.objects.exists()
    assert not RiskAlert.objects.exists()


def test_t23_a_rise_of_five_since_the_last_time_alerts(in_care, phq):
    answered(in_care, phq, [1] * 8 + [0])
    answered(in_care, phq, [2, 2, 2, 2, 2, 2, 1, 0, 0])
    trigger = RiskTrigger.objects.get()
    assert (trigger.alert.tier, trigger.kind, trigger.previous_value, trigger.value) == ("R3", "rise", 8, 13)


def test_t24_a_correction_after_finishing_rescores_and_the_alert_stays_open(in_care, phq):
    done = answered(in_care, phq, [0] * 8 + [1])
    measures.correct_answer(by=in_care.user, response=done, item="phq9-9", value=0)
    done.refresh_from_db()
    alert = RiskAlert.objects.get()
    assert (done.status, done.compared, alert.state) == ("amended", 0, "open")
    correction = alert.triggers.last()
    assert (correction.kind, correction.previous_value, correction.value) == ("correction", 1, 0)
    old = Answer.pgh_event_model.objects.filter(link_id="phq9-9").order_by("pgh_id").values_list("value", flat=True)
    assert list(old) == [1, 0]


def test_t24_a_correction_while_answering_shows_on_the_alert_too(response):
    user = response.patient.user
    measures.save_answer(by=user, response=response, item="phq9-9", value=1)
    measures.save_answer(by=user, response=response, item="phq9-9", value=0)
    alert = RiskAlert.objects.get()
    assert alert.state == "open"
    assert list(alert.triggers.values_list("kind", flat=True)) == ["answer", "correction"]


def test_a_correction_upwards_alerts_like_an_answer(in_care, phq):
    done = answered(in_care, phq, CLEAR)
    saved = measures.correct_answer(by=in_care.user, response=done, item="phq9-9", value=3)
    assert saved.needs_crisis_help
    assert tiers() == ["R1"]


def test_a_correction_does_not_repeat_what_the_whole_set_off_before(in_care, phq):
    done = answered(in_care, phq, [3] * 7 + [0, 0])
    measures.correct_answer(by=in_care.user, response=done, item="phq9-1", value=2)
    assert list(RiskTrigger.objects.exclude(rule="").values_list("rule", flat=True)) == ["total >= 20"]


def test_t24_a_corrected_total_shows_on_the_alerts_the_old_one_set_off(in_care, phq):
    answered(in_care, phq, CLEAR)
    done = answered(in_care, phq, [3] * 7 + [0, 0])
    measures.correct_answer(by=in_care.user, response=done, item="phq9-1", value=0)
    for tier, kind in (("R2", "score"), ("R3", "rise")):
        alert = RiskAlert.objects.get(tier=tier)
        assert (alert.state, list(alert.triggers.values_list("kind", flat=True))) == ("open", [kind, "correction"])
        correction = alert.triggers.last()
        assert (correction.link_id, correction.previous_value, correction.value) == ("", 21, 18)


def test_a_total_that_a_correction_lifts_over_the_line_is_an_alert_and_no_correction(in_care, phq):
    done = answered(in_care, phq, [3] * 6 + [1, 0, 0])
    measures.correct_answer(by=in_care.user, response=done, item="phq9-7", value=2)
    assert list(RiskTrigger.objects.values_list("kind", flat=True)) == ["score"]


def test_a_correction_that_changes_nothing_leaves_the_response_as_it_is(in_care, phq):
    done = answered(in_care, phq, CLEAR)
    measures.correct_answer(by=in_care.user, response=done, item="phq9-1", value=0)
    done.refresh_from_db()
    assert done.status == "completed"


def test_a_finished_response_takes_no_more_answers_and_an_open_one_no_correction(in_care, phq, peg):
    done = answered(in_care, phq, CLEAR)
    with pytest.raises(ResponseClosed):
        measures.save_answer(by=in_care.user, response=done, item="phq9-1", value=1)
    begun = measures.start_response(by=in_care.user, patient=in_care, version=peg)
    with pytest.raises(ResponseOpen):
        measures.correct_answer(by=in_care.user, response=begun, item="peg-1", value=1)


def test_finishing_needs_every_item_answered_or_skipped_and_names_the_first(response):
    user = response.patient.user
    measures.save_answer(by=user, response=response, item="phq9-1", value=1)
    with pytest.raises(NotAnswered) as raised:
        measures.complete(by=user, response=response)
    assert raised.value.link_id == "phq9-2"


def test_finishing_twice_is_finishing_once(in_care, phq):
    done = answered(in_care, phq, [3] * 9)
    before = AuditEvent.objects.count()
    assert measures.complete(by=in_care.user, response=done).completed_at == done.completed_at
    assert AuditEvent.objects.count() == before
    assert RiskTrigger.objects.count() == 2


def test_the_function_item_is_stored_and_never_scored(response):
    user = response.patient.user
    answer_all(response, [1] + [0] * 8)
    measures.save_answer(by=user, response=response, item="phq9-function", value=3)
    done = measures.complete(by=user, response=response)
    assert (done.compared, done.missing) == (1, 0)


def test_peg_summary_knows_baseline_previous_and_change(in_care, peg):
    for values in ([7, 7, 7], [6, 7, 7], [5, None, 5], [5, 5, 4]):
        answered(in_care, peg, values)
    summary = measures.measures_for_note(in_care)["peg"]
    assert str(summary.latest.score.printed) == "4.7"
    assert (summary.baseline.score.compared, summary.previous.score.compared) == (21, 20)
    assert (summary.latest.since_baseline.verdict, summary.latest.since_baseline.is_substantial) == ("improved", True)
    assert str(summary.latest.since_previous.printed) == "-2.0"


def test_t43_a_worse_peg_waits_for_the_next_session_and_mails_nobody(in_care, peg):
    answered(in_care, peg, [5, 5, 5])
    answered(in_care, peg, [6, 6, 6])
    assert tiers() == ["R4"]
    assert RiskAlert.objects.get().due_at is None
    assert not Message.objects.exists()


def test_a_note_without_measures_has_an_empty_summary(in_care):
    assert measures.measures_for_note(in_care) == {}


def test_reading_all_results_takes_two_queries(in_care, peg, phq, django_assert_num_queries):
    for _time in range(3):
        answered(in_care, peg, [5, 5, 5])
    with django_assert_num_queries(2):
        measures.measures_for_note(in_care)


def test_an_answered_edition_is_fixed_and_an_unanswered_one_is_not(in_care, phq):
    InstrumentVersion.objects.filter(pk=phq.pk).update(body=phq.body | {"minutes": 4})
    answered(in_care, phq, CLEAR)
    for change in (
        lambda: InstrumentVersion.objects.filter(pk=phq.pk).update(body={}),
        lambda: InstrumentVersion.objects.filter(pk=phq.pk).delete(),
    ):
        with pytest.raises((DatabaseError, ProtectedError)), transaction.atomic():
            change()
    InstrumentVersion.objects.filter(pk=phq.pk).update(is_active=False)


def test_answers_are_visible_to_the_person_and_to_who_treats(in_care, phq, therapist, other_therapist, manager, as_):
    answered(in_care, phq, CLEAR)
    seen = {user.name: MeasureResponse.objects.visible_to(user).count() for user in (
        in_care.user, therapist, other_therapist, manager)}  # fmt: skip
    assert list(seen.values()) == [1, 1, 0, 0]
