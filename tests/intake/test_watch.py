"""No question that can raise an alert is begun while fewer than two people would answer it; what is begun goes on."""

import re
import uuid

import pytest
from django.test import Client
from django.urls import reverse

from intake import due, measures
from intake.measures import NotOffered
from intake.models import InstrumentVersion, MeasureResponse, RiskAlert, RiskResponder
from practice import heartbeat, status
from practice.models import Practice
from practice.zone import today_in

CLEAR = dict.fromkeys([f"phq9-{number}" for number in range(1, 10)], 0)


def nobody_is_left() -> None:
    RiskResponder.objects.update(is_active=False)


def no_hours() -> None:
    Practice.objects.update(opening_hours="")


def slugs(patient):
    return [offer.version.instrument.slug for offer in due.offers(patient)]


def on_paper(patient, version, by, token=None):
    today = today_in(patient.time_zone)
    return measures.enter_on_paper(by=by, patient=patient, version=version, answers=CLEAR, taken_on=today, token=token)


@pytest.mark.parametrize("happens", [nobody_is_left, no_hours])
def test_without_people_or_hours_phq_9_is_neither_offered_nor_begun_nor_entered(happens, in_care, phq, peg, front_desk):
    assert slugs(in_care) == ["peg", "phq-9"]
    happens()
    assert slugs(in_care) == ["peg"]
    with pytest.raises(NotOffered):
        measures.start_response(by=in_care.user, patient=in_care, version=phq)
    with pytest.raises(NotOffered):
        on_paper(in_care, phq, front_desk)
    assert not MeasureResponse.objects.exists()
    measures.start_response(by=in_care.user, patient=in_care, version=peg)


def test_the_therapist_and_one_responder_are_two_people(in_care, phq, supervisor):
    RiskResponder.objects.filter(user=supervisor).update(is_active=False)
    assert slugs(in_care) == ["peg", "phq-9"]
    measures.start_response(by=in_care.user, patient=in_care, version=phq)


def test_answers_under_way_are_never_refused(in_care, phq):
    begun = measures.start_response(by=in_care.user, patient=in_care, version=phq)
    nobody_is_left()
    assert slugs(in_care) == ["peg", "phq-9"]
    assert measures.start_response(by=in_care.user, patient=in_care, version=phq) == begun
    assert measures.save_answer(by=in_care.user, response=begun, item="phq9-9", value=1).needs_crisis_help
    assert RiskAlert.objects.get().tier == "R1"


def test_a_sheet_that_was_saved_before_is_still_the_same_sheet(in_care, phq, front_desk):
    token = uuid.uuid4()
    saved, _alerted = on_paper(in_care, phq, front_desk, token)
    nobody_is_left()
    assert on_paper(in_care, phq, front_desk, token)[0] == saved


def test_an_old_page_is_told_409_and_a_typed_sheet_is_kept(in_care, phq, front_desk, as_):
    nobody_is_left()
    page = as_(in_care.user).post(reverse("intake:measure-start", args=[phq.pk]))
    assert (page.status_code, b"not asked just now" in page.content) == (409, True)
    today = today_in(in_care.time_zone)
    sheet = {f"item_{number}": "1" for number in range(1, 10)}
    sheet |= {"taken_on_month": today.month, "taken_on_day": today.day, "taken_on_year": today.year}
    url = reverse("intake:paper-entry", args=[in_care.pk, phq.pk])
    page = as_(front_desk).post(url, sheet | {"token": str(uuid.uuid4())})
    html = page.content.decode()
    assert (page.status_code, html.replace("checked off", "").count("checked")) == (409, 9)
    assert "Hand it to a clinician today" in html


# -- What the status page says of it
def responders_part() -> status.Part:
    return next(part for part in status.look() if part.key == "responders")


@pytest.mark.parametrize(("left", "light"), [(0, "red"), (1, "amber"), (2, "green")])
def test_the_status_tells_when_too_few_people_answer_alerts(left, light, phq):
    RiskResponder.objects.filter(pk__in=RiskResponder.objects.order_by("pk")[left:].values("pk")).update(
        is_active=False
    )
    part = responders_part()
    assert (part.light, part.figure) == (light, left)
    assert ("load_intake --responder" in part.advice) is (left < 2)


def test_somebody_who_cannot_sign_in_or_is_no_clinician_any_more_answers_nothing(phq, supervisor, other_therapist):
    supervisor.is_active = False
    supervisor.save()
    other_therapist.staff_roles.all().delete()
    assert (responders_part().light, responders_part().figure) == ("red", 0)


def test_without_opening_hours_it_is_red(phq):
    no_hours()
    assert responders_part().light == "red"
    assert "opening hours" in responders_part().advice


def test_while_no_question_can_raise_an_alert_nobody_is_missed(clinic, peg):
    nobody_is_left()
    InstrumentVersion.objects.filter(instrument__slug="phq-9").update(is_active=False)
    assert (responders_part().light, responders_part().advice) == ("green", "")


def test_alarm_and_manager_are_told_and_the_manager_reads_what_to_do(phq, manager, as_):
    for name in heartbeat.NAMES:
        heartbeat.beat(name)
    page = reverse("practice:status")
    assert Client().get("/statusz").status_code == 200
    nobody_is_left()
    answer = Client().get("/statusz")
    assert (answer.status_code, answer.json()["responders"]) == (503, {"light": "red"}), "the number is not public"
    words = as_(manager).get(page).content.decode()
    assert re.search(r"People who answer risk alerts</th>.*?<td class=\"n nowrap\">0</td>", words)
    assert "needs a decision of people today" in words
    assert "load_intake --responder" in words
    assert "Stands still" not in words
