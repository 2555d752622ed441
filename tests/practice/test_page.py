"""The text pages: open to everybody, cheap, honest, and with help in the same corner of each."""

import re

import pytest
import time_machine
from django.urls import reverse

from practice.models import WorkingHours
from tests import cast

PAGES = ["home", "how-it-works", "fees", "privacy", "accessibility", "help-now"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def page(clinic, as_):
    return lambda name: as_(None).get(reverse(f"practice:{name}"))


@pytest.mark.parametrize("name", PAGES)
def test_anybody_may_read_it(page, name):
    assert page(name).status_code == 200


@pytest.mark.parametrize("name", PAGES)
def test_its_heading_stands_once(page, name):
    assert page(name).content.count(b"<h1") == 1


@pytest.mark.parametrize("name", [name for name in PAGES if name not in ("home", "help-now")])
def test_its_title_is_its_heading(page, name):
    html = page(name).content.decode()
    heading = re.search(r"<h1[^>]*>(.*?)</h1>", html).group(1)
    assert re.search(r"<title>(.*?)</title>", html, re.DOTALL).group(1).strip() == f"{heading} - Evenkeel"


@pytest.mark.parametrize("name", [name for name in PAGES if name != "help-now"])
def test_help_is_one_press_away(page, name):
    html = page(name).content.decode()
    assert f'<a class="help" href="{reverse("practice:help-now")}">' in html
    assert "This website and its messages are not watched all the time." in html


@pytest.mark.parametrize("name", PAGES)
def test_the_policy_allows_no_inline_code_and_the_page_has_none(page, name):
    answer = page(name)
    policy = answer.headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    html = answer.content.decode()
    assert re.search(r"<style|\sstyle=|<script(?![^>]*\ssrc=)|\son[a-z]+=", html) is None


@pytest.mark.parametrize("name", PAGES)
def test_nothing_can_be_posted_to_it(clinic, as_, name):
    assert as_(None).post(reverse(f"practice:{name}")).status_code == 405


def test_the_demos_home_page_leads_to_its_doors(page):
    assert f'href="{reverse("practice:demo-start")}"' in page("home").content.decode()


def test_a_patient_finds_how_to_sign_in_at_the_foot_of_a_page_and_nobody_else_does(patient, front_desk, as_):
    link = f'<a href="{reverse("mfa_index")}">How you sign in</a>'
    assert link in as_(patient.user).get(reverse("practice:today")).content.decode()
    assert link in as_(patient.user).get(reverse("practice:fees")).content.decode()
    for reader in (None, front_desk):
        assert link not in as_(reader).get(reverse("practice:fees")).content.decode()


def test_a_patient_finds_the_own_details_at_the_foot_of_every_page_and_nobody_else_does(patient, front_desk, as_):
    link = f'<a href="{reverse("intake:registration-start")}">Your details and agreements</a>'
    for name in ("practice:today", "practice:appointment-mine", "intake:measure-list", "practice:fees"):
        assert link in as_(patient.user).get(reverse(name)).text, name
    for reader in (None, front_desk):
        assert link not in as_(reader).get(reverse("practice:fees")).text


@pytest.mark.parametrize("therapists", [1, 3])
def test_the_home_page_costs_the_same_however_many_therapists(clinic, as_, django_assert_num_queries, therapists):
    for number in range(therapists):
        cast.therapist_profile(cast.user(f"Therapist Number{number}"))
    client = as_(None)
    with django_assert_num_queries(4):  # the practice, the therapists, what is offered, what is taken
        html = client.get(reverse("practice:home")).content.decode()
    assert html.count('class="face"') == therapists


def test_the_crisis_text_is_the_fixed_one(page):
    html = page("help-now").content.decode()
    for link in ("tel:988", "sms:988", "tel:911", "sms:838255", "https://988lifeline.org", "tel:116123"):
        assert f'href="{link}"' in html
    for sentence in (
        "If you might hurt yourself or someone else, or you are in danger, do not wait for a reply from us.",
        "United States: 988 Suicide and Crisis Lifeline, day and night.",
        "Call 988 and press 1, or text 838255.",
        "Or go to the nearest emergency room.",
        "This website and its messages are not watched all the time.",
    ):
        assert sentence in html


def test_the_crisis_page_has_one_style_sheet_no_script_and_a_way_out(page, clinic):
    html = page("help-now").content.decode()
    assert html.count('rel="stylesheet"') == 1
    assert "<script" not in html
    assert f'href="{clinic.practice.leave_page_url}" rel="noreferrer"' in html


def test_the_crisis_page_needs_no_practice_row(db, as_):
    assert as_(None).get(reverse("practice:help-now")).status_code == 200


def test_fees_come_from_the_appointment_types(page, clinic):
    clinic.session.price_cents = 14000
    clinic.session.save()
    html = page("fees").content.decode()
    assert "$140" in html
    assert "Free" in html


def test_an_unknown_address_gets_a_calm_page(clinic, as_):
    answer = as_(None).get("/no-such-page/")
    assert answer.status_code == 404
    assert "We cannot find that page" in answer.content.decode()


def test_a_forged_form_gets_a_page_that_says_what_to_do(clinic, as_):
    answer = as_(None, enforce_csrf_checks=True).post(reverse("account_login"), {"login": "rosa@example.org"})
    assert answer.status_code == 403
    assert "Please send that once more" in answer.content.decode()


@pytest.mark.parametrize(
    ("now", "days"),
    [
        ("2026-05-12 15:00", [("Today", "May 12", "10:00 am"), ("Tomorrow", "May 13"), ("Thursday", "May 14")]),
        ("2026-05-15 23:30", [("Monday", "May 18", "9:00 am"), ("Tuesday", "May 19"), ("Wednesday", "May 20")]),
    ],
)
def test_the_home_page_names_the_first_free_time_of_three_days_in_the_clinics_zone(therapist, as_, now, days):
    with time_machine.travel(cast.at(now), tick=False):
        html = as_(None).get(reverse("practice:home")).content.decode()
    found = re.findall(r'<span><b>(\w+)</b>.*?>([A-Z]\w+ \d+)<.*?class="when">([\d: apm]+) <', html)
    assert [each[: len(day)] for each, day in zip(found, days, strict=True)] == days
    assert "Times are Pacific." in html


def test_a_first_free_time_leads_to_the_times_of_its_day_where_it_stands_first(therapist, as_):
    with time_machine.travel(cast.at("2026-05-12 15:00"), tick=False):
        html = as_(None).get(reverse("practice:home")).content.decode()
        for day, heading in (("2026-05-13", "Wednesday, May 13"), ("2026-05-14", "Thursday, May 14")):
            assert f'href="/times/?day={day}"' in html
            answer = as_(None).get(f"/times/?day={day}")
            rows = answer.context["days"][0][1]
            assert (rows[0].day.isoformat(), rows[0].clock) == (day, "9:00 am")
            assert f"{heading}</h2>" in answer.content.decode()


def test_a_practice_without_therapists_says_calmly_that_booking_opens_soon(page):
    for name in ("home", "therapist-list"):
        html = page(name).content.decode()
        assert "Online booking opens soon" in html
        assert "(541) 555-0142" in html
        for untrue in ("Pick a time", "Nobody fits", "filter away", "0 of 0"):
            assert untrue not in html


def test_paying_oneself_is_no_insurance_plan(page, therapist):
    therapist.therapist.payers = ["Harbor Health", "Self-pay"]
    therapist.therapist.save()
    assert "some of us take: Harbor Health." in page("fees").content.decode()


def test_without_free_times_the_home_page_says_how_booking_works(page, therapist):
    WorkingHours.objects.all().delete()
    html = page("home").content.decode()
    assert 'class="firsts"' not in html
    assert "We hold the time while you type. No hurry." in html
