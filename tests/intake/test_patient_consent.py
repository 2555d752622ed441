"""Consents from paper or by word of mouth: recorded by staff, in force at once, and never undone by an older paper."""

from datetime import timedelta

import pytest
from django.urls import reverse

from intake import consent
from intake.consent import NewerDecision
from practice.consents import NothingToWithdraw, active_consents, latest_consents, record_consent
from practice.last_look import Look
from practice.models import AuditEvent, ConsentRecord, Patient
from practice.models.consent import ConsentType
from practice.zone import today_in


@pytest.fixture
def texts(clinic):
    return {text.type: text for text in consent.load_texts(by=None)}


@pytest.fixture
def desk(front_desk, texts, as_):
    return as_(front_desk)


def url(patient):
    return reverse("intake:patient-consent", args=[patient.pk])


def paper(patient, day=None, **fields):
    day = day or today_in(patient.time_zone)
    return {
        "type": "TREATMENT",
        "decision": "given",
        "channel": "paper",
        "signed_on_month": str(day.month),
        "signed_on_day": str(day.day),
        "signed_on_year": str(day.year),
        "signed_name": "Rosa Meier",
    } | fields


def test_the_front_desk_records_a_signed_paper_with_its_text_and_it_stands_in_the_list(
    desk, patient, front_desk, texts
):
    assert desk.post(url(patient), paper(patient)).url == url(patient)
    row = ConsentRecord.objects.get()
    assert (row.type, row.decision, row.channel, row.signed_name) == ("TREATMENT", "given", "paper", "Rosa Meier")
    assert (row.text, row.actor) == (texts["TREATMENT"], front_desk)
    assert row.scope == {"signed_on": str(today_in(patient.time_zone))}
    assert AuditEvent.objects.filter(action="consent", actor_id=front_desk.pk, patient_id=patient.pk).count() == 1
    html = desk.get(url(patient)).content.decode()
    for words in ("Treatment", "Given", "On paper", "Rosa Meier", "<title>Consents - Evenkeel</title>"):
        assert words in html
    assert AuditEvent.objects.filter(action="view", object_type="consents", patient_id=patient.pk).exists()


def test_the_same_paper_sent_twice_is_recorded_once(desk, patient):
    for _press in range(2):
        assert desk.post(url(patient), paper(patient)).status_code == 302
    assert ConsentRecord.objects.count() == 1


@pytest.mark.parametrize("channel", ["EMAIL", "SMS"])
def test_a_withdrawal_on_the_telephone_stops_messages_at_once(channel, desk, patient):
    record_consent(by=None, patient=patient, type=channel, decision="given")
    assert Look.read_consents(None, {patient.pk})
    said = paper(patient, type=channel, decision="withdrawn", channel="verbal", signed_name="")
    assert desk.post(url(patient), said).status_code == 302
    assert not Look.read_consents(None, {patient.pk})
    assert ConsentRecord.objects.count() == 2


def test_what_is_not_in_force_cannot_be_withdrawn_and_everything_typed_stays(desk, patient):
    page = desk.post(url(patient), paper(patient, type="EMAIL", decision="withdrawn", signed_name="Rosa M."))
    assert page.status_code == 409
    html = page.content.decode()
    assert "nothing to withdraw" in html
    assert 'value="Rosa M."' in html
    assert not ConsentRecord.objects.exists()


def test_an_older_paper_does_not_undo_a_later_decision(desk, patient, front_desk):
    record_consent(by=None, patient=patient, type="EMAIL", decision="refused")
    week_ago = today_in(patient.time_zone) - timedelta(days=7)
    page = desk.post(url(patient), paper(patient, week_ago, type="EMAIL"))
    assert (page.status_code, b"from a later day is in force" in page.content) == (409, True)
    assert active_consents(patient) == {}
    facts = {"type": "SMS", "channel": "verbal", "signed_name": ""}
    consent.record_for_patient(by=front_desk, patient=patient, decision="given", signed_on=week_ago, **facts)
    earlier = week_ago - timedelta(days=1)
    with pytest.raises(NewerDecision):
        consent.record_for_patient(by=front_desk, patient=patient, decision="refused", signed_on=earlier, **facts)
    facts["type"] = "FINANCIAL"
    with pytest.raises(NothingToWithdraw):
        consent.record_for_patient(by=front_desk, patient=patient, decision="withdrawn", signed_on=week_ago, **facts)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"signed_on_year": "2999"}, "This day lies ahead"),
        ({"signed_on_day": "31", "signed_on_month": "2"}, "We do not know this date"),
        ({"signed_name": " "}, "Enter the name that stands under it."),
        ({"type": ""}, "This one is still open"),
        ({"decision": "expired"}, "Choose one of the answers shown."),
    ],
)
def test_a_form_that_is_not_right_is_422_and_records_nothing(change, words, desk, patient):
    page = desk.post(url(patient), paper(patient) | {"signed_name": "Typed name"} | change)
    assert page.status_code == 422
    assert words in page.content.decode()
    assert not ConsentRecord.objects.exists()


def test_a_decision_about_voicemail_is_what_the_desk_reads_beside_the_number(desk, patient):
    desk.post(url(patient), paper(patient, type="VOICEMAIL"))
    patient.refresh_from_db()
    assert patient.voicemail == "name_number"
    desk.post(url(patient), paper(patient, type="VOICEMAIL", decision="withdrawn"))
    patient.refresh_from_db()
    assert (patient.voicemail, latest_consents(patient)[ConsentType.VOICEMAIL].decision) == ("no", "withdrawn")


def test_the_days_of_the_patients_zone_count(desk, patient):
    """Kiritimati is a day ahead of Hawaii at every hour."""
    day = today_in("Pacific/Kiritimati")
    for zone, status in (("Pacific/Honolulu", 422), ("Pacific/Kiritimati", 302)):
        Patient.objects.filter(pk=patient.pk).update(time_zone=zone)
        assert desk.post(url(patient), paper(patient, day)).status_code == status


def test_the_patients_page_and_the_refusal_to_open_a_course_lead_here(desk, in_care, therapist, as_):
    here = f'href="{url(in_care)}"'
    assert here in desk.get(reverse("practice:patient-detail", args=[in_care.pk])).content.decode()
    assert here in as_(therapist).get(reverse("sessions:course-create", args=[in_care.pk])).content.decode()


def test_the_page_costs_the_same_for_one_and_three_decisions(desk, patient, django_assert_num_queries):
    record_consent(by=None, patient=patient, type="EMAIL", decision="given")
    desk.get(url(patient))
    with django_assert_num_queries(7):
        desk.get(url(patient))
    for type_ in ("SMS", "TREATMENT"):
        record_consent(by=None, patient=patient, type=type_, decision="given")
    with django_assert_num_queries(7):
        desk.get(url(patient))
