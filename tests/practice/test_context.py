"""What surrounds a page: the practice's facts without a query each time, the reader's own shell, the nonce."""

import pytest
from django.test import RequestFactory
from django.urls import reverse

from practice.context import PracticeFacts, Shell, shell
from practice.models import Practice

pytestmark = pytest.mark.django_db


def request_of(user=None):
    request = RequestFactory().get("/")
    request.resolver_match = None
    if user is not None:
        request.user = user
    return request


def test_the_facts_are_read_once_and_again_when_they_are_old(clinic, settings, django_assert_num_queries):
    facts = PracticeFacts()
    settings.PRACTICE_FACTS_SECONDS = 3600
    with django_assert_num_queries(1):
        assert {facts().name for _time in range(3)} == {"Tern Bay Clinic"}
    settings.PRACTICE_FACTS_SECONDS = 0
    Practice.objects.update(name="Other Clinic")
    assert facts().name == "Other Clinic"


def test_before_set_up_the_frame_still_has_a_name(db):
    assert PracticeFacts()().name == "Evenkeel"


def test_a_page_that_prints_no_fact_costs_no_query_for_it(clinic, django_assert_num_queries):
    with django_assert_num_queries(0):
        shell(request_of())


@pytest.mark.parametrize(
    ("person", "template"),
    [
        (None, "shell/public.html"),
        ("patient", "shell/patient.html"),
        ("therapist", "shell/staff.html"),
        ("front_desk", "shell/staff.html"),
    ],
)
def test_pages_that_anybody_may_read_wear_the_readers_own_shell(request, person, template):
    user = request.getfixturevalue(person) if person else None
    assert Shell(request_of(getattr(user, "user", user))).template == template


def test_the_header_says_which_of_the_roles_comes_first(manager):
    assert Shell(request_of(manager)).role_label == "Practice manager"


def test_visitors_and_patients_are_asked_for_no_badges(patient, monkeypatch):
    monkeypatch.setattr("practice.context.collect_badges", lambda user: pytest.fail("badges of a patient"))
    assert Shell(request_of()).badges == []
    assert Shell(request_of(patient.user)).badges == []


def test_the_policy_carries_a_nonce_only_where_a_page_uses_one(clinic, as_):
    assert "nonce-" not in as_(None).get(reverse("practice:privacy")).headers["Content-Security-Policy"]
