"""The pages of answering: one question on each, crisis help at once, results without diagnosis, nobody else's rows."""

import pytest
from django.urls import reverse

from intake import alerts, measures
from intake.models import Answer, MeasureResponse, RiskAlert, RiskTrigger
from practice.models import AuditEvent, Patient
from practice.zone import today_in
from tests.intake.conftest import answer_all, answered


@pytest.fixture
def client(in_care, as_):
    return as_(in_care.user)


@pytest.fixture
def begun(in_care, phq):
    return measures.start_response(by=in_care.user, patient=in_care, version=phq)


def item_url(response, number):
    return reverse("intake:measure-item", args=[response.pk, number])


def test_beginning_leads_to_the_first_question_and_again_to_the_first_open_one(client, in_care, phq):
    start = reverse("intake:measure-start", args=[phq.pk])
    answer = client.post(start)
    response = MeasureResponse.objects.get()
    assert answer.url == item_url(response, 1)
    client.post(item_url(response, 1), {"answer": "0"})
    assert client.post(start).url == item_url(response, 2)
    assert client.get(start).status_code == 405


def test_a_question_shows_its_exact_words_ends_attribution_and_nothing_chosen(client, in_care, peg):
    answered(in_care, peg, [7, 7, 7])
    response = measures.start_response(by=in_care.user, patient=in_care, version=peg)
    html = client.get(item_url(response, 2)).content.decode()
    assert (
        "What number best describes how, during the past week, pain has interfered with your enjoyment of life?" in html
    )
    assert "Does not interfere" in html
    assert "Completely interferes" in html
    assert "Krebs EE" in html
    assert "checked" not in html
    assert "It is not watched live" in html
    assert "<title>Question 2 of 3 - Evenkeel</title>" in html


def test_an_answer_saves_and_goes_on_and_back_shows_it(client, begun):
    assert client.post(item_url(begun, 1), {"answer": "2"}).url == item_url(begun, 2)
    assert "checked" in client.get(item_url(begun, 1)).content.decode()
    assert client.post(item_url(begun, 1), {"answer": "1"}).url == item_url(begun, 2)
    assert Answer.objects.get().value == 1


def test_prefer_not_to_answer_is_stored_and_goes_on(client, begun):
    assert client.post(item_url(begun, 1), {"skip": "1"}).url == item_url(begun, 2)
    assert Answer.objects.get().is_skipped


def test_save_and_rest_keeps_the_answer_or_nothing(client, begun):
    assert client.post(item_url(begun, 1), {"answer": "3", "rest": "1"}).url == reverse("practice:today")
    assert client.post(item_url(begun, 2), {"rest": "1"}).url == reverse("practice:today")
    assert Answer.objects.get().value == 3


@pytest.mark.parametrize("answer", ["4", "1.5", "2 ", "", "x"])
def test_t20_a_rejected_answer_is_422_and_stores_nothing(client, begun, answer):
    page = client.post(item_url(begun, 3), {"answer": answer})
    assert page.status_code == 422
    assert b"<title>Error: Question 3 of 9" in page.content
    assert not Answer.objects.exists()


def test_the_last_answer_finishes_and_a_second_press_does_no_harm(client, begun):
    answer_all(begun, [0] * 8 + [None])
    Answer.objects.filter(link_id="phq9-9").delete()
    for _press in range(2):
        assert client.post(item_url(begun, 9), {"answer": "0"}).url == reverse("intake:measure-done", args=[begun.pk])
    begun.refresh_from_db()
    assert (begun.status, begun.compared) == ("completed", 0)


def test_a_skipped_over_question_is_asked_before_the_end(client, begun):
    for number in (1, 2, 4, 5, 6, 7, 8):
        client.post(item_url(begun, number), {"answer": "0"})
    assert client.post(item_url(begun, 9), {"answer": "0"}).url == item_url(begun, 3)


def test_the_function_question_follows_when_anything_was_above_zero(client, begun):
    answer_all(begun, [1] + [0] * 8)
    assert client.post(item_url(begun, 9), {"answer": "0"}).url == item_url(begun, 10)
    assert client.post(item_url(begun, 10), {"answer": "1"}).url == reverse("intake:measure-done", args=[begun.pk])


# -- Crisis ------------------------------------------------------------------------------------------------------------
def test_t19_item_nine_leads_at_once_to_the_crisis_screen(client, begun):
    assert client.post(item_url(begun, 9), {"answer": "2"}).url == reverse("intake:crisis-now", args=[begun.pk])
    assert RiskAlert.objects.get().tier == "R1"
    page = client.get(reverse("intake:crisis-now", args=[begun.pk]))
    html = page.content.decode()
    for words in (
        "Thank you for telling us",
        "You deserve support right now.",
        "Call 988",
        "Text 838255",
        "I am safe for now, continue",
        "I need help now",
        "not watched all the time",
    ):
        assert words in html
    for word in ("score", "high risk", "depress", "suicid", "screening"):
        assert word not in html.lower().replace("suicide and crisis lifeline", "")
    assert "<script" not in html
    assert len(page.content) < 50_000


def test_pressing_rest_after_a_risk_answer_shows_the_crisis_screen_first(client, begun):
    answer = client.post(item_url(begun, 9), {"answer": "1", "rest": "1"})
    assert answer.url == reverse("intake:crisis-now", args=[begun.pk])


def test_safe_for_now_goes_on_with_the_questions(client, begun):
    answer_all(begun, [0] * 8 + [1])
    assert client.post(reverse("intake:crisis-safe", args=[begun.pk])).url == item_url(begun, 10)
    assert RiskTrigger.objects.filter(kind="safe_for_now").count() == 1
    assert RiskAlert.objects.get().state == "open"


def test_help_now_raises_an_immediate_alert_and_shows_help(client, begun):
    answer_all(begun, [0] * 8 + [1])
    assert client.post(reverse("intake:crisis-help", args=[begun.pk])).url == reverse("practice:help-now")
    assert sorted(RiskAlert.objects.values_list("tier", flat=True)) == ["R0", "R1"]


def test_an_old_page_of_a_finished_response_loses_no_risk_answer(client, in_care, phq):
    done = answered(in_care, phq, [0] * 9)
    assert client.post(item_url(done, 9), {"answer": "2"}).url == reverse("intake:crisis-now", args=[done.pk])
    done.refresh_from_db()
    assert (done.status, done.compared, RiskAlert.objects.get().tier) == ("amended", 2, "R1")


# -- The end -----------------------------------------------------------------------------------------------------------
def done_page(client, response):
    return client.get(reverse("intake:measure-done", args=[response.pk])).content.decode()


def test_the_result_is_a_band_name_and_a_word_to_talk(client, in_care, phq):
    html = done_page(client, answered(in_care, phq, [2, 2, 2, 2, 2, 0, 0, 0, 0]))
    assert "Screening result: moderate" in html
    assert "Talk with your therapist" in html
    assert "not a diagnosis" in html
    for word in ("depress", "you have", "10 "):
        assert word not in html.partition("<main")[2].partition("Answered on")[0].lower()


def test_after_a_risk_answer_there_is_never_a_result(client, in_care, phq):
    html = done_page(client, answered(in_care, phq, [0] * 8 + [1]))
    assert "Screening result" not in html
    assert "minimal" not in html
    assert "988" in html


def test_peg_shows_its_mean_and_the_way_it_went(client, in_care, peg):
    answered(in_care, peg, [6, 7, 5])
    html = done_page(client, answered(in_care, peg, [5, 5, 4]))
    assert "Screening result: 4.7 on a scale from 0 to 10" in html
    assert "It is lower than the last time." in html


def test_left_open_questions_have_no_result_and_no_blame(client, in_care, peg):
    assert "there is no result this time" in done_page(client, answered(in_care, peg, [7, None, 5]))


def test_reading_and_answering_is_audited(client, begun):
    client.get(item_url(begun, 1))
    client.post(item_url(begun, 1), {"answer": "1"})
    actions = list(
        AuditEvent.objects.filter(object_id=str(begun.pk), patient_id=begun.patient_id)
        .order_by("pk")
        .values_list("action", flat=True)
    )
    assert actions == ["create", "view", "change"]
    assert not AuditEvent.objects.filter(detail__has_key="value").exists()


def test_addresses_and_titles_name_no_questionnaire(client, begun, in_care, peg):
    for url in (reverse("intake:measure-list"), item_url(begun, 9), reverse("intake:crisis-now", args=[begun.pk])):
        title = client.get(url).content.decode().partition("<title>")[2].partition("</title>")[0]
        for word in ("phq", "peg", "pain", "depress"):
            assert word not in url.lower()
            assert word not in title.lower()


def test_the_list_costs_the_same_for_one_and_three_answers(client, in_care, peg, phq, django_assert_num_queries):
    answered(in_care, peg, [1, 1, 1])
    client.get(reverse("intake:measure-list"))
    with django_assert_num_queries(14):
        client.get(reverse("intake:measure-list"))
    for _time in range(2):
        answered(in_care, peg, [1, 1, 1])
    with django_assert_num_queries(14):
        client.get(reverse("intake:measure-list"))


# -- From paper, by people who may not read ----------------------------------------------------------------------------
@pytest.fixture
def desk(front_desk, as_):
    return as_(front_desk)


def sheet(values, token="5f6e1a52-0000-4000-8000-000000000001", **fields):
    found = {f"item_{number}": "empty" if value is None else str(value) for number, value in enumerate(values, start=1)}
    return found | {"token": token, "taken_on_month": "5", "taken_on_day": "12", "taken_on_year": "2026"} | fields


def test_t22_the_front_desk_enters_a_risk_answer_and_reads_only_that_a_clinician_knows(desk, in_care, phq):
    today = today_in(in_care.time_zone)
    url = reverse("intake:paper-entry", args=[in_care.pk, phq.pk])
    day = {"taken_on_month": today.month, "taken_on_day": today.day, "taken_on_year": today.year}
    posted = sheet([0] * 8 + [1], **day)
    for _press in range(2):
        answer = desk.post(url, posted)
        assert answer.url == reverse("practice:patient-detail", args=[in_care.pk])
    response = MeasureResponse.objects.get()
    assert (response.compared, response.source, RiskAlert.objects.get().tier) == (1, "paper", "R1")
    html = desk.get(answer.url).content.decode()
    assert "A clinician has been alerted." in html
    for word in ("R1", "Same day", "minimal", "Several days", "PHQ"):
        assert word not in html
    alert = RiskAlert.objects.get()
    for name, args in (
        ("intake:measure-history", [in_care.pk]),
        ("intake:measure-detail", [response.pk]),
        ("intake:alert-list", []),
        ("intake:alert-detail", [alert.pk]),
    ):
        assert desk.get(reverse(name, args=args)).status_code == 404


def test_a_sheet_with_a_missing_line_is_422_and_keeps_what_was_typed(desk, in_care, phq):
    posted = sheet([1] * 9)
    del posted["item_4"]
    page = desk.post(reverse("intake:paper-entry", args=[in_care.pk, phq.pk]), posted)
    assert page.status_code == 422
    assert b"Enter what stands on the paper" in page.content
    assert page.content.replace(b"checked off", b"").count(b"checked") == 8
    assert not MeasureResponse.objects.exists()


def test_a_sheet_from_tomorrow_or_from_years_ago_is_refused(desk, in_care, phq):
    for year in ("2019", "2999"):
        posted = sheet([1] * 9, taken_on_year=year)
        page = desk.post(reverse("intake:paper-entry", args=[in_care.pk, phq.pk]), posted)
        assert page.status_code == 422


def test_the_day_on_the_paper_is_a_day_where_the_patient_lives(desk, in_care, peg):
    """Kiritimati is a day ahead of Hawaii at every hour."""
    url = reverse("intake:paper-entry", args=[in_care.pk, peg.pk])
    day = today_in("Pacific/Kiritimati")
    posted = sheet([1, 1, 1], taken_on_month=day.month, taken_on_day=day.day, taken_on_year=day.year)
    for zone, status in (("Pacific/Honolulu", 422), ("Pacific/Kiritimati", 302)):
        Patient.objects.filter(pk=in_care.pk).update(time_zone=zone)
        assert desk.get(url).context["form"].initial["taken_on"] == today_in(zone)
        assert desk.post(url, posted).status_code == status


def test_who_looked_at_the_sheets_of_a_person_is_recorded(desk, in_care, peg, front_desk):
    desk.get(reverse("intake:paper-list", args=[in_care.pk]))
    desk.get(reverse("intake:paper-entry", args=[in_care.pk, peg.pk]))
    seen = AuditEvent.objects.filter(action="view", actor_id=front_desk.pk, patient_id=in_care.pk).order_by("pk")
    assert list(seen.values_list("object_type", flat=True)) == ["paper sheets", "paper sheet"]


# -- Clinicians --------------------------------------------------------------------------------------------------------
@pytest.fixture
def treating(therapist, as_):
    return as_(therapist)


def test_the_therapist_reads_scores_bands_changes_and_the_caveat(treating, in_care, phq, peg):
    answered(in_care, phq, [1] * 8 + [0])
    answered(in_care, phq, [0] * 9)
    html = treating.get(reverse("intake:measure-history", args=[in_care.pk])).content.decode()
    for words in ("mild", "minimal", "-8", "(-100.0%)", "improved, reliable", "raised by pain", "Pfizer"):
        assert words in html


def test_the_history_costs_the_same_for_one_and_three_answers(treating, in_care, peg, django_assert_num_queries):
    url = reverse("intake:measure-history", args=[in_care.pk])
    answered(in_care, peg, [1, 1, 1])
    treating.get(url)
    with django_assert_num_queries(11):
        treating.get(url)
    for _time in range(2):
        answered(in_care, peg, [1, 1, 1])
    with django_assert_num_queries(11):
        treating.get(url)


def test_the_therapist_corrects_an_answer_and_the_alert_shows_it(treating, in_care, phq):
    done = answered(in_care, phq, [0] * 8 + [1])
    url = reverse("intake:measure-correct", args=[done.pk, 9])
    assert b"Several days" in treating.get(url).content
    assert treating.post(url, {}).status_code == 422
    assert treating.post(url, {"answer": "0"}).url == reverse("intake:measure-detail", args=[done.pk])
    html = treating.get(reverse("intake:alert-detail", args=[RiskAlert.objects.get().pk])).content.decode()
    assert "The answer was corrected" in html
    assert "The alert stays open." in html
    assert alerts.open_alerts(in_care).count() == 1
