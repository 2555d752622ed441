"""No question that can raise an alert is begun while fewer than two people would answer it; what is begun goes on."""

import uuid

import pytest
from django.urls import reverse

from intake import due, measures
from intake.measures import NotOffered
from intake.models import MeasureResponse, RiskAlert, RiskResponder
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
