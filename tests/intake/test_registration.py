"""Registration and agreements: steps saved one by one, nothing lost, consents separate and append-only."""

import re
from datetime import date, timedelta

import pytest
from django.db import DatabaseError, transaction
from django.urls import reverse
from django.utils import timezone

from intake import consent, registration
from intake.consent import consents_complete
from intake.models import EmergencyContact, Registration, RiskAlert
from practice.consents import NothingToWithdraw, active_consents, latest_consents, record_consent, withdraw_consent
from practice.models import ConsentRecord, ConsentText
from practice.models.consent import ConsentType
from tests import cast

YOU = {
    "first_name": "Rosa",
    "last_name": "Meier",
    "name_to_use": "Rosi",
    "pronouns": "she/her",
    "born_on_month": "2",
    "born_on_day": "29",
    "born_on_year": "1980",
}
HOME = {
    "street": "1 Harbor Road",
    "city": "Tern Bay",
    "state": "OR",
    "postal_code": "97000",
    "country": "US",
    "time_zone": "America/Denver",
    "sex_recorded": "",
    "gender": "",
}
NEEDS = {"language": "en", "needs_interpreter": "no", "needs": ["breaks", "standing"], "other_needs": "A cushion"}
CONTACT = {"phone": "541 555 0199", "may_email": "no", "may_text": "no", "voicemail": "name_number", "prefers": ""}
EMERGENCY = {
    "has_contact": "yes",
    "name": "Ana Meier",
    "relationship": "sister",
    "phone": "541 555 0123",
    "knows": "no",
    "may_call": "emergency",
    "session_place": "1 Harbor Road",
}
POSTS = {"you": YOU, "home": HOME, "needs": NEEDS, "contact": CONTACT, "emergency": EMERGENCY}


@pytest.fixture
def texts(clinic):
    return {text.type: text for text in consent.load_texts(by=None)}


@pytest.fixture
def client(patient, texts, as_):
    return as_(patient.user)


def step(name):
    return reverse("intake:registration-step", args=[name])


def fresh(patient):
    return type(patient).objects.get(pk=patient.pk)


# -- Steps ------------------------------------------------------------------------------------------------------------
def test_the_steps_lead_through_registration_to_its_end(client, patient):
    where = step("you")
    for name, data in POSTS.items():
        assert where == step(name)
        where = client.post(where, data).url
    for slug in ("treatment", "video-and-phone", "privacy-notice", "fees", "website"):
        assert where == reverse("intake:consent-sign", args=[slug])
        where = client.post(where, {"decision": "yes", "signed_name": "Rosa Meier", "is_read": "on"}).url
    assert where == reverse("intake:registration-done")
    assert b"You are registered" in client.get(where).content
    again = client.get(reverse("intake:registration-start")).text
    assert "<h1>Your details and agreements</h1>" in again
    assert f'href="{reverse("intake:consent-list")}"' in again
    patient, row = fresh(patient), Registration.objects.get()
    assert (patient.name_to_use, patient.born_on, patient.time_zone) == ("Rosi", date(1980, 2, 29), "America/Denver")
    assert (str(patient.phone), patient.voicemail) == ("+15415550199", "name_number")
    assert patient.access_needs == "Rest breaks, Room to stand and move, A cushion"
    assert row.finished_at is not None
    assert EmergencyContact.objects.get().knows is False
    assert consents_complete(patient) == set()


def test_every_step_is_kept_shown_again_and_can_be_changed(client, patient):
    for name, data in POSTS.items():
        client.post(step(name), data)
        page = client.get(step(name)).content.decode()
        for value in data.values():
            if isinstance(value, str) and len(value) > 3 and "555" not in value:
                assert value in page, (name, value)
    client.post(step("home"), HOME | {"city": "Millrace"})
    assert Registration.objects.get().city == "Millrace"
    assert Registration.objects.get().done == list(registration.STEPS)


def test_once_registered_a_step_is_changed_and_not_gone_through_again(client, patient):
    assert "Registration, step 2 of" in client.get(step("home")).text
    for name, data in POSTS.items():
        client.post(step(name), data)
    for slug in ("treatment", "video-and-phone", "privacy-notice", "fees", "website"):
        decided = {"decision": "yes", "signed_name": "Rosa Meier", "is_read": "on"}
        client.post(reverse("intake:consent-sign", args=[slug]), decided)
    page = client.get(step("home")).text
    assert "Registration, step" not in page
    assert "Save and go on" not in page
    assert f'<a class="go" href="{reverse("intake:registration-start")}">' in page
    changed = client.post(step("home"), HOME | {"city": "Millrace"}, follow=True)
    assert changed.redirect_chain == [(reverse("intake:registration-start"), 302)]
    assert "Saved." in changed.text


def test_save_and_rest_goes_home_and_registration_goes_on_where_it_stopped(client, patient):
    assert client.post(step("you"), YOU | {"rest": "1"}).url == reverse("practice:today")
    assert registration.next_place(patient) == ("step", "home")


@pytest.mark.parametrize(
    ("name", "change", "words"),
    [
        ("you", {"first_name": "12345"}, "Write the name in letters"),
        ("you", {"first_name": ""}, "This one is still open"),
        ("you", {"last_name": "x" * 101}, "100"),
        ("you", {"born_on_day": "31"}, "We do not know this date"),
        ("you", {"born_on_year": "1890", "born_on_day": "1"}, "Check the year of birth"),
        ("you", {"born_on_year": "2999", "born_on_day": "1"}, "Check the year of birth"),
        ("you", {"born_on_year": "2015", "born_on_day": "1"}, "We treat adults"),
        ("home", {"time_zone": "Mars/Base"}, "time zone"),
        ("home", {"street": ""}, "This one is still open"),
        ("needs", {"needs_interpreter": ""}, "This one is still open"),
        ("contact", {"phone": "12"}, "phone"),
        ("contact", {"may_text": "yes", "phone": ""}, "Add your mobile number"),
        ("contact", {"sending_from": "18:00", "sending_until": "10:00"}, "before the hour we may begin"),
        ("emergency", {"phone": ""}, "Add a phone number"),
        ("emergency", {"knows": ""}, "Choose yes or no"),
        ("emergency", {"has_contact": "no", "none_because": ""}, "Write a word about why"),
        ("emergency", {"session_place": ""}, "This one is still open"),
    ],
)
def test_a_doubtful_answer_is_422_and_every_character_stays(client, name, change, words):
    page = client.post(step(name), POSTS[name] | change)
    html = page.content.decode()
    assert page.status_code == 422
    assert words in html
    assert "<title>Error: " in html
    for value in (POSTS[name] | change).values():
        if isinstance(value, str) and len(value) > 3 and value != "Mars/Base":
            assert value in html
    assert not Registration.objects.exists()


@pytest.mark.parametrize("name", ["李", "Ó Briain", "Ngũgĩ", "Anne-Marie", "D'Arcy", "محمد", "R2"])
def test_names_in_any_script_are_names(client, patient, name):
    assert client.post(step("you"), YOU | {"first_name": name}).status_code == 302
    assert fresh(patient).first_name == name


def test_under_eighteen_stops_with_the_telephone_number(client):
    page = client.post(step("you"), YOU | {"born_on_year": "2015", "born_on_day": "1"}).content.decode()
    assert "Please call us" in page
    assert "(541) 555-0142" in page


@pytest.mark.parametrize(
    ("born", "day", "age"),
    [
        (date(2008, 5, 12), date(2026, 5, 11), 17),
        (date(2008, 5, 12), date(2026, 5, 12), 18),
        (date(2008, 2, 29), date(2026, 2, 28), 17),
        (date(2008, 2, 29), date(2026, 3, 1), 18),
    ],
)
def test_an_age_is_counted_in_whole_years(born, day, age):
    assert registration.age_on(born, day) == age


def test_ones_own_number_is_no_emergency_contact(client, patient):
    client.post(step("contact"), CONTACT)
    page = client.post(step("emergency"), EMERGENCY | {"phone": "(541) 555-0199"})
    assert page.status_code == 422
    assert "your own number" in page.content.decode()


def test_nobody_to_call_is_asked_about_at_the_next_review_once(client, patient):
    alone = {"has_contact": "no", "none_because": "I live alone.", "session_place": "Home"}
    for _time in range(2):
        assert client.post(step("emergency"), alone).status_code == 302
    alert = RiskAlert.objects.get()
    assert (alert.tier, alert.triggers.count(), alert.triggers.get().kind) == ("R4", 1, "no_emergency_contact")


def test_only_the_person_and_those_who_may_see_contact_data_see_it(
    client, patient, other_patient, therapist, front_desk
):
    client.post(step("you"), YOU)
    cast.care(patient, therapist)
    seen = [
        Registration.objects.visible_to(u).exists() for u in (patient.user, therapist, front_desk, other_patient.user)
    ]
    assert seen == [True, True, True, False]


# -- Consents ---------------------------------------------------------------------------------------------------------
def test_both_channels_begin_with_no_and_are_separate(client, patient):
    html = client.get(step("contact")).content.decode()
    assert len(re.findall(r'name="may_(?:email|text)" value="no"[^>]* checked', html)) == 2
    client.post(step("contact"), CONTACT | {"may_email": "yes"})
    latest = latest_consents(patient)
    assert (latest["EMAIL"].decision, latest["SMS"].decision) == ("given", "refused")
    assert (latest["VOICEMAIL"].decision, latest["VOICEMAIL"].scope) == ("given", {"level": "name_number"})


def test_saving_the_same_wishes_twice_writes_no_second_record(client, patient):
    for _time in range(2):
        client.post(step("contact"), CONTACT)
    assert ConsentRecord.objects.count() == 3
    client.post(step("contact"), CONTACT | {"may_email": "yes"})
    client.post(step("contact"), CONTACT)
    decisions = ConsentRecord.objects.filter(type="EMAIL").order_by("pk").values_list("decision", flat=True)
    assert list(decisions) == ["refused", "given", "withdrawn"]


def test_a_record_holds_the_exact_words_the_name_and_where_it_came_from(client, patient, texts):
    client.post(
        reverse("intake:consent-sign", args=["treatment"]),
        {"decision": "yes", "signed_name": "Rosa Meier", "is_read": "on"},
        HTTP_USER_AGENT="Reader 1.0",
    )
    given = active_consents(patient)["TREATMENT"]
    text = texts[ConsentType.TREATMENT]
    assert (given.text, given.text_sha256, given.signed_name) == (text, text.sha256, "Rosa Meier")
    assert (given.channel, given.ip, given.user_agent, given.actor) == ("web", "127.0.0.1", "Reader 1.0", patient.user)


def test_behind_a_proxy_a_record_holds_the_patients_address_not_the_proxys(client, patient, texts, settings):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    client.post(
        reverse("intake:consent-sign", args=["treatment"]),
        {"decision": "yes", "signed_name": "Rosa Meier", "is_read": "on"},
        HTTP_X_FORWARDED_FOR="198.51.100.9, 203.0.113.7",
    )
    assert active_consents(patient)["TREATMENT"].ip == "203.0.113.7", "what the trusted proxy saw, not what was claimed"


@pytest.mark.parametrize("missing", ["decision", "signed_name", "is_read"])
def test_a_signature_needs_decision_name_and_tick(client, missing):
    data = {"decision": "yes", "signed_name": "Rosa Meier", "is_read": "on"}
    data.pop(missing)
    assert client.post(reverse("intake:consent-sign", args=["treatment"]), data).status_code == 422
    assert not ConsentRecord.objects.exists()


def test_signing_twice_is_signing_once(client):
    for _press in range(2):
        client.post(
            reverse("intake:consent-sign", args=["fees"]),
            {"decision": "yes", "signed_name": "Rosa Meier", "is_read": "on"},
        )
    assert ConsentRecord.objects.count() == 1


def test_a_refusal_of_the_privacy_notice_is_enough_and_of_treatment_is_not(patient, texts):
    for type in ("TREATMENT", "FINANCIAL", "NPP_ACK"):
        assert type in consents_complete(patient)
    record_consent(by=patient.user, patient=patient, type="NPP_ACK", decision="refused")
    record_consent(by=patient.user, patient=patient, type="TREATMENT", decision="refused")
    record_consent(by=patient.user, patient=patient, type="FINANCIAL", decision="given")
    assert consents_complete(patient) == {"TREATMENT"}


def test_a_coming_video_session_needs_its_own_consent(patient, texts, therapist):
    for type in ("TREATMENT", "FINANCIAL", "NPP_ACK"):
        record_consent(by=patient.user, patient=patient, type=type, decision="given")
    assert consents_complete(patient) == set()
    cast.appointment(
        therapist=therapist.therapist, patient=patient, starts_at=timezone.now() + timedelta(days=2), modality="video"
    )
    assert consents_complete(patient) == {"TELEHEALTH"}


def test_taking_back_is_a_new_row_and_needs_something_to_take_back(client, patient):
    record_consent(by=patient.user, patient=patient, type="TREATMENT", decision="given", signed_name="Rosa Meier")
    assert client.post(reverse("intake:consent-withdraw", args=["treatment"])).url == reverse("intake:consent-list")
    assert consents_complete(patient) >= {"TREATMENT"}
    assert ConsentRecord.objects.filter(type="TREATMENT").count() == 2
    with pytest.raises(NothingToWithdraw):
        withdraw_consent(by=patient.user, patient=patient, type="TREATMENT")
    assert client.post(reverse("intake:consent-withdraw", args=["treatment"])).status_code == 302


def test_consents_and_their_texts_never_change(patient, texts):
    record_consent(by=patient.user, patient=patient, type="TREATMENT", decision="given")
    for change in (
        lambda: ConsentRecord.objects.update(decision="refused"),
        lambda: ConsentRecord.objects.all().delete(),
        lambda: ConsentText.objects.update(body=""),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()


# -- The texts --------------------------------------------------------------------------------------------------------
def test_loading_the_texts_again_changes_nothing_and_other_words_need_a_new_version(texts, tmp_path):
    assert len(consent.load_texts(by=None)) == len(texts) == ConsentText.objects.count() == 8
    (tmp_path / "sms.en.md").write_text("type: SMS\nversion: 2\n\n# Texts\n\nOther words.\n")
    with pytest.raises(consent.TextChanged):
        consent.load_texts(by=None, folder=tmp_path)
    (tmp_path / "sms.en.md").write_text("type: SMS\nversion: 3\nmaterial: yes\n\n# Texts\n\nOther words.\n")
    assert consent.load_texts(by=None, folder=tmp_path)[0].is_material


TREATMENT_COVERS = (
    "CBT", "10 to 20 sessions", "homework", "a little to a moderate amount", "feel worse at first", "Other choices",
    "stop at any time", "another therapist", "danger", "abused", "court", "not an emergency service", "Fees",
    "missed", "Your record", "Supervision", "Complaints",
)  # fmt: skip


@pytest.mark.parametrize("words", TREATMENT_COVERS)
def test_the_treatment_text_covers(texts, words):
    assert words in texts[ConsentType.TREATMENT].body


def test_the_text_is_shown_as_it_is_signed(client, texts):
    html = client.get(reverse("intake:consent-sign", args=["treatment"])).content.decode()
    assert "<h1>Agreement to treatment</h1>" in html
    assert "Your pain is real." in html
    assert "#" not in consent.as_html(texts[ConsentType.TREATMENT])


def test_a_changed_text_is_asked_about_again_and_the_old_agreement_stands(client, patient, texts, tmp_path):
    record_consent(by=patient.user, patient=patient, type="TREATMENT", decision="given")
    (tmp_path / "treatment.en.md").write_text("type: TREATMENT\nversion: 2\n\n# Agreement to treatment\n\nNew words.\n")
    consent.load_texts(by=None, folder=tmp_path)
    row = next(row for row in consent.agreements(patient) if row.slug == "treatment")
    assert row.is_new_text
    assert "TREATMENT" not in consents_complete(patient)
    assert "The text has changed" in client.get(reverse("intake:consent-list")).content.decode()


def test_the_agreements_cost_the_same_for_none_and_for_all(client, patient, texts, django_assert_num_queries):
    url = reverse("intake:consent-list")
    client.get(url)
    with django_assert_num_queries(9):
        client.get(url)
    for type in texts:
        record_consent(by=patient.user, patient=patient, type=type, decision="given")
    with django_assert_num_queries(9):
        client.get(url)
