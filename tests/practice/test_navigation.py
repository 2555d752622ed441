"""The places of each role: the same words everywhere, at most six, none dead, the current one marked."""

import re

import pytest
from django.urls import resolve, reverse

from practice import navigation
from practice.navigation import MOST_PLACES, STAFF_PLACES, further_places, marked, places_for
from practice.roles import STAFF, Role


def keys(*roles: Role) -> list[str]:
    return [place.key for place in places_for(frozenset(roles))]


def test_each_role_has_its_places():
    assert keys() == ["therapists", "how", "reading", "sign-in"]
    assert keys(Role.PATIENT) == ["today", "course", "reading", "appointments"]
    assert keys(Role.THERAPIST) == ["today", "week", "people", "notes", "alerts"]
    assert keys(Role.TRAINEE) == keys(Role.SUPERVISOR) == keys(Role.THERAPIST)
    assert keys(Role.FRONT_DESK) == ["day", "week", "people", "messages"]
    assert keys(Role.MANAGER) == ["day", "week", "people", "messages", "status"]


def test_several_roles_get_the_union_within_six_and_lose_nothing():
    both = frozenset({Role.THERAPIST, Role.MANAGER})
    assert keys(*both) == ["today", "week", "people", "notes", "alerts", "messages"]
    assert [place.key for place in further_places(both)] == ["day", "status"]
    assert len(places_for(STAFF)) <= MOST_PLACES
    every = {place.key for places in STAFF_PLACES.values() for place in places}
    assert {place.key for place in (*places_for(STAFF), *further_places(STAFF))} == every


def test_every_place_leads_to_a_page_of_its_name():
    declared = {*navigation.VISITOR_PLACES, *navigation.PATIENT_PLACES, *navigation.STAFF_ORDER}
    for place in declared:
        assert resolve(reverse(place.url_name)).view_name == place.url_name


def test_the_page_itself_is_marked_page_and_its_section_true():
    places = places_for(frozenset({Role.FRONT_DESK}))
    here = {place.key: place.current for place in marked(places, "practice:desk-week")}
    assert here == {"day": "", "week": "page", "people": "", "messages": ""}
    section = {place.key: place.current for place in marked(places, "practice:patient-detail")}
    assert section["people"] == "true"


def test_a_page_may_name_its_place_itself():
    places = places_for(frozenset({Role.FRONT_DESK}))
    assert [place.key for place in marked(places, "practice:desk-week", "people") if place.current] == ["people"]


@pytest.mark.django_db
def test_the_header_marks_one_place_and_offers_sign_out_by_post(therapist, as_):
    html = as_(therapist).get(reverse("practice:today")).content.decode()
    nav = re.search(r'<nav class="nav".*?</nav>', html, re.DOTALL).group(0)
    assert nav.count("aria-current") == 1
    assert 'aria-current="page"' in nav
    assert f'<form method="post" action="{reverse("account_logout")}" data-sign-out>' in html
    assert "Ines Varga" in html
