"""The pages of alerts: what stands on them, what may be done when, and the start pages that lead to them."""

import pytest
from django.urls import reverse
from django.utils import timezone

from intake import alerts, consent, home, measures
from intake.models import AlertAttempt, RiskAlert, RiskAssessment
from practice.models import AuditEvent, Practice
from practice.zone import today_in
from tests.intake.conftest import answered

TODAY = timezone.localdate()
ASSESSED = {
    "ideation": "passive",
    "plan": "no",
    "intent": "no",
    "means_access": "no",
    "past_attempts": "no",
    "harm_to_others": "no",
    "judgement": "low",
    "steps": ["safety_plan", "more_contact"],
    "next_contact_on_month": "1",
    "next_contact_on_day": "2",
    "next_contact_on_year": str(TODAY.year + 1),
}
CLOSED = {"outcome": "safe_plan", "words": "Plan agreed.", "signature": "Ines Varga"}


@pytest.fixture
def alert(in_care, phq):
    answered(in_care, phq, [0] * 8 + [1])
    return RiskAlert.objects.get()


@pytest.fixture
def client(alert, therapist, as_):
    return as_(therapist)


def url(name, alert):
    return reverse(f"intake:alert-{name}", args=[alert.pk])


def test_the_story_shows_the_exact_question_the_answer_and_who_was_told(client, alert, supervisor):
    html = client.get(url("detail", alert)).content.decode()
    for words in (
        "Thoughts that you would be better off dead",
        "Several days",
        "Rosa Meier",
        "Ines Varga",
        supervisor.name,
    ):
        assert words in html
    assert "<title>Alert - Evenkeel</title>" in html


def test_an_alert_goes_from_seen_to_closed(client, alert):
    assert client.post(url("attempt", alert), {"way": "phone", "result": "left"}).status_code == 409
    assert client.post(url("close", alert), CLOSED).status_code == 409
    for _press in range(2):
        assert client.post(url("acknowledge", alert)).url == url("detail", alert)
    assert client.post(url("attempt", alert), {"way": "phone"}).status_code == 422
    assert (
        client.post(url("attempt", alert), {"way": "phone", "result": "left", "words": "Rang out"}).status_code == 302
    )
    assert client.post(url("assess", alert), ASSESSED).status_code == 302
    assert client.post(url("close", alert), CLOSED).url == reverse("intake:alert-list")
    alert.refresh_from_db()
    assert (alert.state, alert.outcome, AlertAttempt.objects.get().left_message) == ("closed", "safe_plan", True)
    assert RiskAssessment.objects.get().steps == ["safety_plan", "more_contact"]
    html = client.get(url("detail", alert)).content.decode()
    for words in ("Plan agreed.", "Rang out", "Safety plan made or reviewed", "Signed Ines Varga"):
        assert words in html
    assert "<form" not in html.partition("<main")[2]


def test_every_look_at_a_form_about_an_alert_is_recorded(client, alert, therapist):
    for page in (url("assess", alert), url("close", alert), reverse("intake:alert-raise", args=[alert.patient_id])):
        before = AuditEvent.objects.filter(action="view", patient_id=alert.patient_id, actor_id=therapist.pk).count()
        client.get(page)
        after = AuditEvent.objects.filter(action="view", patient_id=alert.patient_id, actor_id=therapist.pk).count()
        assert after == before + 1


def test_the_day_of_the_next_contact_is_a_day_of_the_practice(client, alert):
    """Kiritimati is a day ahead of Hawaii at every hour."""
    day = today_in("Pacific/Honolulu")
    parts = {"month": day.month, "day": day.day, "year": day.year}
    typed = ASSESSED | {f"next_contact_on_{name}": str(part) for name, part in parts.items()}
    for zone, status in (("Pacific/Kiritimati", 422), ("Pacific/Honolulu", 302)):
        Practice.objects.update(time_zone=zone)
        assert client.post(url("assess", alert), typed).status_code == status


def test_a_closed_alert_refuses_with_409_and_keeps_what_was_typed(client, alert, therapist):
    client.post(url("assess", alert), ASSESSED)
    client.post(url("close", alert), CLOSED)
    page = client.post(url("assess", alert), ASSESSED | {"details": "Typed meanwhile"})
    assert page.status_code == 409
    assert b"Typed meanwhile" in page.content
    for name, data in (("acknowledge", {}), ("attempt", {"way": "phone", "result": "left"}), ("close", CLOSED)):
        assert client.post(url(name, alert), data).status_code == 409


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"judgement": ""}, "This one is still open"),
        ({"steps": []}, "This one is still open"),
        ({"steps": ["none", "refer"]}, "Either something was done, or nothing was needed."),
        ({"next_contact_on_year": ""}, "We do not know this date"),
        ({"next_contact_on_year": "2001"}, "This day is over"),
        ({f"next_contact_on_{part}": "" for part in ("year", "month", "day")}, "Name the day of the next contact."),
    ],
)
def test_an_incomplete_assessment_is_422_and_stores_nothing(client, alert, change, words):
    page = client.post(url("assess", alert), ASSESSED | change)
    assert page.status_code == 422
    assert words in page.content.decode()
    assert not RiskAssessment.objects.exists()


def test_an_emergency_hand_over_needs_no_next_contact(client, alert):
    data = ASSESSED | {"steps": ["emergency"]} | {f"next_contact_on_{part}": "" for part in ("year", "month", "day")}
    assert client.post(url("assess", alert), data).status_code == 302


def test_nothing_is_chosen_beforehand_in_an_assessment(client, alert):
    assert b"checked" not in client.get(url("assess", alert)).content


def test_the_second_responder_answers_without_opening_the_record(alert, supervisor, as_):
    client = as_(supervisor)
    html = client.get(url("detail", alert)).content.decode()
    assert "All answers of this person" not in html
    assert client.post(url("acknowledge", alert)).status_code == 302
    assert client.get(reverse("intake:measure-history", args=[alert.patient_id])).status_code == 404


def test_a_clinician_raises_an_alert_by_hand(client, in_care):
    raise_url = reverse("intake:alert-raise", args=[in_care.pk])
    assert client.post(raise_url, {}).status_code == 422
    answer = client.post(raise_url, {"tier": "R2", "words": "Said on the phone."})
    made = RiskAlert.objects.get(tier="R2")
    assert answer.url == url("detail", made)
    assert b"Said on the phone." in client.get(answer.url).content


def test_the_list_costs_the_same_for_one_and_three_alerts(client, in_care, therapist, django_assert_num_queries):
    page = reverse("intake:alert-list")
    client.get(page)
    with django_assert_num_queries(9):
        client.get(page)
    for tier in ("R2", "R3"):
        alerts.mark_by_clinician(by=therapist, patient=in_care, tier=tier, words="By hand.")
    with django_assert_num_queries(9):
        client.get(page)


def test_closed_alerts_have_their_own_list(client, alert):
    client.post(url("assess", alert), ASSESSED)
    client.post(url("close", alert), CLOSED)
    assert b"No open alerts" in client.get(reverse("intake:alert-list")).content
    assert b"Rosa Meier" in client.get(reverse("intake:alert-list") + "?closed").content


# -- Start pages ------------------------------------------------------------------------------------------------------
def test_a_new_alert_stands_on_the_clinicians_pages_until_it_is_seen(client, alert, therapist, front_desk):
    assert [badge.label for badge in home.badges(therapist)] == ["1 new alert"]
    assert [card.context["alert"] for card in home.cards(therapist)] == [alert]
    alerts.acknowledge(by=therapist, alert=alert)
    assert home.badges(therapist) == []
    assert len(home.cards(therapist)) == 1
    assert home.badges(front_desk) == home.cards(front_desk) == []


def test_counting_new_alerts_is_one_query_and_none_for_the_desk(
    alert, therapist, front_desk, django_assert_num_queries
):
    assert therapist.roles
    assert front_desk.roles
    with django_assert_num_queries(1):
        home.badges(therapist)
    with django_assert_num_queries(0):
        home.badges(front_desk)


def test_a_patient_sees_what_waits_and_nothing_of_an_alert(in_care, phq, peg):
    consent.load_texts(by=None)
    templates = [card.template for card in home.cards(in_care.user)]
    assert templates == ["intake/measure/card.html", "intake/registration/card.html"]
    answered(in_care, phq, [0] * 8 + [1])
    begun = measures.start_response(by=in_care.user, patient=in_care, version=peg)
    offers = home.cards(in_care.user)[0].context["offers"]
    assert [(offer.version, offer.unfinished) for offer in offers] == [(peg, begun)]
