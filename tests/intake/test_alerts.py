"""Risk alerts: who is told, when they must look, what they do, and what can never happen to an alert."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import DatabaseError, connection, transaction
from django.urls import reverse
from django.utils import timezone

from intake import alerts, measures
from intake.alerts import AlertClosed, NotAClinician, NotAssessed, NotSeenYet
from intake.models import AlertAttempt, AlertResponder, RiskAlert, RiskAssessment, RiskTrigger
from practice import status
from practice.models import AuditEvent, CareAssignment, Message, Practice
from practice.outbox import kinds
from tests import cast
from tests.intake.conftest import answered

FOUND = {
    "ideation": "passive",
    "plan": "no",
    "intent": "no",
    "means_access": "no",
    "past_attempts": "no",
    "harm_to_others": "no",
    "judgement": "low",
    "steps": ["safety_plan"],
}


@pytest.fixture
def alert(in_care, phq):
    answered(in_care, phq, [0] * 8 + [1])
    return RiskAlert.objects.get()


def seen(alert, by):
    return alerts.acknowledge(by=by, alert=alert)


def assessed(alert, by, **fields):
    return alerts.assess(by=by, alert=alert, next_contact_on=timezone.now().date(), **(FOUND | fields))


# -- Who is told
def test_the_treating_therapist_and_a_second_responder_are_told(alert, therapist, supervisor):
    told = list(AlertResponder.objects.order_by("pk").values_list("user__name", "part"))
    assert told == [(therapist.name, "treating"), (supervisor.name, "second")]
    mails = Message.objects.filter(kind="task").values_list("user__name", flat=True)
    assert sorted(mails) == sorted([therapist.name, supervisor.name])


def test_without_a_treating_therapist_two_responders_are_told(patient, phq, supervisor, other_therapist):
    answered(patient, phq, [0] * 8 + [1])
    assert list(AlertResponder.objects.values_list("user", "part")) == [
        (supervisor.pk, "second"),
        (other_therapist.pk, "second"),
    ]


def test_a_responder_who_treats_is_not_also_the_second(patient, phq, supervisor, other_therapist):
    cast.care(patient, supervisor)
    answered(patient, phq, [0] * 8 + [1])
    assert list(AlertResponder.objects.values_list("user", "part")) == [
        (supervisor.pk, "treating"),
        (other_therapist.pk, "second"),
    ]


def test_a_less_urgent_alert_goes_to_the_therapist_alone(in_care, phq, therapist):
    answered(in_care, phq, [1] * 8 + [None])
    assert list(AlertResponder.objects.values_list("user", flat=True)) == [therapist.pk]


def test_the_message_says_nothing_but_that_a_task_waits(alert):
    message = Message.objects.filter(kind="task").first()
    kind = kinds()["task"]
    trigger = kind.rows([message.about_id])[message.about_id]
    words = kind.words(message, trigger, Practice.objects.get())
    assert set(words) == {"link", "practice", "phone"}
    assert words["link"].endswith("/today/")
    kind.still_wanted(message, trigger)


def test_a_task_mail_that_failed_is_for_managers_and_never_tells_the_front_desk(alert, front_desk, manager, as_):
    Message.objects.filter(kind="task").update(state="failed", reason="address refused (550)")
    message = Message.objects.filter(kind="task").first()
    assert [part.figure for part in status.look() if part.key == "failed"] == [2]
    desk, listed = as_(front_desk), reverse("practice:message-list")
    assert "A task" not in desk.get(listed).content.decode()
    for name in ("resend", "settle"):
        assert desk.post(reverse(f"practice:message-{name}", args=[message.pk])).status_code == 404
    client = as_(manager)
    assert client.get(listed).content.decode().count("A task") == 2
    assert client.post(reverse("practice:message-settle", args=[message.pk])).status_code == 302


def test_only_clinicians_become_responders(front_desk):
    with pytest.raises(NotAClinician):
        alerts.name_responder(by=None, user=front_desk)


# -- One open alert per tier
def test_a_second_risk_answer_joins_the_open_alert_and_tells_again(in_care, phq, alert):
    answered(in_care, phq, [0] * 8 + [2])
    assert RiskAlert.objects.count() == 1
    assert list(alert.triggers.values_list("value", flat=True)) == [1, 2]
    assert Message.objects.filter(kind="task").count() == 4


def test_after_closing_a_new_answer_opens_a_new_alert(in_care, phq, alert, therapist):
    assessed(alert, therapist)
    alerts.close(by=therapist, alert=alert, outcome="safe_plan", words="Plan made.", signature="Ines Varga")
    answered(in_care, phq, [0] * 8 + [1])
    assert sorted(RiskAlert.objects.values_list("state", flat=True)) == ["closed", "open"]


def test_help_now_after_a_risk_answer_is_an_immediate_alert(in_care, alert):
    response = in_care.measures.get()
    alerts.ask_for_help_now(by=in_care.user, response=response)
    assert sorted(RiskAlert.objects.values_list("tier", flat=True)) == ["R0", "R1"]


def test_safe_for_now_is_a_fact_on_the_alert_and_closes_nothing(in_care, alert):
    alerts.say_safe_for_now(by=in_care.user, response=in_care.measures.get())
    alert.refresh_from_db()
    assert (alert.state, alert.triggers.last().kind) == ("open", "safe_for_now")


# -- What people do
def test_acknowledging_names_the_first_who_did_and_is_audited(alert, therapist, supervisor):
    seen(alert, therapist)
    again = seen(alert, supervisor)
    assert (again.state, again.acknowledged_by) == ("acknowledged", therapist)
    assert AuditEvent.objects.filter(action="acknowledge", object_id=str(alert.pk)).count() == 1


def test_the_front_desk_cannot_acknowledge(alert, front_desk):
    with pytest.raises(NotAClinician):
        seen(alert, front_desk)


def test_tries_come_after_seeing_and_move_the_alert_on(alert, therapist):
    with pytest.raises(NotSeenYet):
        alerts.record_attempt(by=therapist, alert=alert, way="phone", reached=False)
    seen(alert, therapist)
    alerts.record_attempt(by=therapist, alert=alert, way="phone", reached=False, left_message=True)
    alert.refresh_from_db()
    assert alert.state == "contacting"
    assert AlertAttempt.objects.get().left_message


def test_an_assessment_acknowledges_assesses_and_keeps_the_clinicians_own_judgement(alert, therapist):
    found = assessed(alert, therapist, judgement="high", plan="yes")
    alert.refresh_from_db()
    assert (alert.state, alert.acknowledged_by, found.judgement) == ("assessed", therapist, "high")


def test_an_assessment_from_a_note_needs_no_alert(in_care, therapist):
    found = alerts.assess(by=therapist, patient=in_care, next_contact_on=timezone.now().date(), **FOUND)
    assert (found.alert, found.patient) == (None, in_care)


def test_a_next_contact_is_needed_unless_it_was_an_emergency(in_care, therapist):
    with pytest.raises(DatabaseError, match="assessment_names_next_contact"), transaction.atomic():
        alerts.assess(by=therapist, patient=in_care, **FOUND)
    alerts.assess(by=therapist, patient=in_care, **(FOUND | {"steps": ["emergency"]}))


def test_closing_needs_an_assessment_or_a_recorded_try_with_a_plan(alert, therapist):
    words = {"words": "Will try tomorrow.", "signature": "Ines Varga"}
    with pytest.raises(NotAssessed):
        alerts.close(by=therapist, alert=alert, outcome="no_risk_found", **words)
    seen(alert, therapist)
    with pytest.raises(NotAssessed):
        alerts.close(by=therapist, alert=alert, outcome="not_reached", **words)
    alerts.record_attempt(by=therapist, alert=alert, way="phone", reached=False)
    closed = alerts.close(by=therapist, alert=alert, outcome="not_reached", **words)
    assert (closed.state, closed.closed_by) == ("closed", therapist)


def test_a_closed_alert_takes_no_more_deeds(alert, therapist):
    assessed(alert, therapist)
    alerts.close(by=therapist, alert=alert, outcome="safe_plan", words="Plan made.", signature="Ines Varga")
    with pytest.raises(AlertClosed):
        seen(alert, therapist)
    with pytest.raises(AlertClosed):
        alerts.record_attempt(by=therapist, alert=alert, way="phone", reached=True)


# -- What can never happen
@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM intake_riskalert",
        "TRUNCATE intake_riskalert CASCADE",
        "DELETE FROM intake_risktrigger",
        "UPDATE intake_risktrigger SET value = 0",
        "DELETE FROM intake_alertresponder",
        "UPDATE intake_riskassessment SET judgement = 'low'",
        "DELETE FROM intake_riskassessment",
        "UPDATE intake_alertattempt SET reached = true",
        "DELETE FROM intake_riskalertevent",
    ],
)
def test_the_database_refuses(alert, therapist, statement):
    assessed(alert, therapist)
    alerts.record_attempt(by=therapist, alert=alert, way="phone", reached=False)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert RiskAlert.objects.count() == RiskAssessment.objects.count() == 1
    assert RiskTrigger.objects.get().value == 1


def test_two_open_alerts_of_one_tier_cannot_exist(alert):
    with pytest.raises(DatabaseError, match="alert_one_open_per_tier"), transaction.atomic():
        RiskAlert.objects.create(patient=alert.patient, tier="R1")


# -- Who sees them
def test_alerts_are_seen_by_who_treats_and_who_was_named_and_nobody_else(
    alert, in_care, therapist, supervisor, other_therapist, trainee, front_desk, manager
):
    everyone = {
        "patient": in_care.user, "therapist": therapist, "supervisor": supervisor, "other": other_therapist,
        "trainee": trainee, "front_desk": front_desk, "manager": manager,
    }  # fmt: skip
    assert {name: RiskAlert.objects.visible_to(user).exists() for name, user in everyone.items()} == {
        "patient": False, "therapist": True, "supervisor": True, "other": False,
        "trainee": False, "front_desk": False, "manager": False,
    }  # fmt: skip


def test_the_supervisor_of_a_case_sees_its_alerts(alert, trainee):
    cast.care(alert.patient, trainee, CareAssignment.CareRole.SUPERVISOR)
    assert RiskAlert.objects.visible_to(trainee).get() == alert


@pytest.mark.parametrize(
    "local", ["2040-01-02 09:00", "2040-01-02 17:50", "2040-01-02 18:10", "2040-01-06 17:59", "2040-01-07 12:00"]
)
def test_the_most_pressing_comes_first_at_any_time_of_day(local, in_care, phq, therapist, time_machine):
    time_machine.move_to(datetime.fromisoformat(local).replace(tzinfo=ZoneInfo("America/Los_Angeles")))
    answered(in_care, phq, [3] * 8 + [1])
    alerts.ask_for_help_now(by=in_care.user, response=in_care.measures.get())
    alerts.mark_by_clinician(by=therapist, patient=in_care, tier="R4", words="Ask about the move.")
    assert [row.tier for row in alerts.waiting_for(therapist)] == ["R0", "R1", "R2", "R4"]
    assert [row.tier for row in alerts.open_alerts(in_care)] == ["R0", "R1", "R2", "R4"]


def test_answers_saved_at_once_open_one_alert(committed_db):
    """Two windows of one person save risk answers of two questionnaires in the same moment."""
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415

    from tests.intake.conftest import in_use, responders  # noqa: PLC0415

    people = cast.everyone()
    responders(people.supervisor, people.other_therapist)
    version = in_use()["phq-9"]
    done = answered(people.patient, version, [0] * 9)
    begun = measures.start_response(by=people.patient.user, patient=people.patient, version=version)

    def press(number: int) -> None:
        try:
            if number % 2:
                measures.save_answer(by=people.patient.user, response=begun, item="phq9-9", value=1)
            else:
                measures.correct_answer(by=people.patient.user, response=done, item="phq9-9", value=2)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        for task in [pool.submit(press, number) for number in range(8)]:
            task.result(timeout=30)
    assert RiskAlert.objects.get().triggers.count() == 2
    assert RiskAlert.objects.get().opened_at > timezone.now() - timedelta(minutes=1)
