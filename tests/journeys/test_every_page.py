"""Every page there is, opened in a real browser by somebody who may: accessible in light and dark, light, at peace.

The pages are the rows of the access tables, so a new page is walked from the day it has a row. One database, one
window and one walk for each kind of person; whatever is wrong on any page is told at the end of that person's walk.
"""

from itertools import cycle

import pytest
from django.urls import reverse
from playwright.sync_api import Page

from practice.models import Patient
from tests.browser import CROSSED, EVERY_VIEW, FIRST_VISIT, STATE, View, bytes_of, faults_seen
from tests.practice.access_table import all_rules
from tests.practice.test_access import ANSWERED, World, make_world

pytestmark = pytest.mark.browser
# Who opens a page: the first of these who may.
WALKERS = ("anonymous", "patient", "front_desk", "manager", "therapist")
# Answers that are no pages: feeds, probes and files to keep.
FILES = {
    "practice:slot-json",
    "practice:slot-first-json",
    "practice:healthz",
    "practice:readyz",
    "practice:statusz",
    "practice:manage-calendar",
    "practice:demo-calendar",
    "mfa_download_recovery_codes",
}
# Pages that are made of other parts for other people; these open them too.
ALSO = {
    "practice:today": ("front_desk", "manager", "therapist"),
    "practice:desk-week": ("therapist",),
    "practice:patient-detail": ("therapist",),
    "practice:appointment-detail": ("therapist",),
    "education:article-list": ("patient",),
    "education:article-detail": ("patient",),
    "mfa_index": ("front_desk",),
    "mfa_add_webauthn": ("front_desk",),
    "account_reauthenticate": ("front_desk",),
    "account_change_password": ("front_desk",),
}
# Pages that list what there is: opened before there is anything, too.
LISTS = {
    "practice:today",
    "practice:appointment-mine",
    "practice:message-list",
    "intake:measure-list",
    "intake:alert-list",
    "education:article-list",
    "sessions:note-list",
    "sessions:patient-course",
    "sessions:patient-note-list",
}
FETCHED = "performance.getEntriesByType('resource').map(each => each.name).filter(name => name.startsWith('http'))"
weighed: dict[str, int] = {}
LIGHTER = {"practice:help-now": 50_000, "intake:crisis-now": 50_000}  # bytes; whoever opens these cannot wait


def pages_of(walker: str) -> list[str]:
    """The URL names this person opens."""
    found = []
    for name, rule in all_rules().items():
        may = [each for each in WALKERS if rule.answers[each] == "allow"]
        if not rule.post_only and name not in FILES and (may[:1] == [walker] or walker in ALSO.get(name, ())):
            found.append(name)
    return found


def address(world: World, name: str) -> str:
    rule = all_rules()[name]
    return reverse(name, kwargs=rule.of(world, world.own) if rule.of else rule.fixed)


def faults(page: Page, name: str, path: str, views: tuple[View, ...]) -> list[str]:
    """What is wrong with one page, where it lands: its answer, its weight, its width, and what axe objects to."""
    answer = page.goto(path)
    if not (answer.ok or answer.status in ANSWERED) or not answer.headers["content-type"].startswith("text/html"):
        return [f"{name}: answers {answer.status} {answer.headers['content-type']}"]
    weight = bytes_of(answer) + sum(weight_of(page, url) for url in set(page.evaluate(FETCHED)))
    found = [] if weight < LIGHTER.get(name, FIRST_VISIT) else [f"weighs {weight} bytes"]
    return [f"{name}: {fault}" for fault in (*found, *faults_seen(page, views))]


def weight_of(page: Page, url: str) -> int:
    """What a file beside the page weighs on a first visit; fetched for that once, whatever the window has kept."""
    if url not in weighed:
        weighed[url] = bytes_of(page.request.get(url))
    return weighed[url]


@pytest.mark.parametrize("walker", WALKERS)
def test_every_page_opened_by(walker, served, page_for, request, capsys):
    world = make_world()
    person = None if walker == "anonymous" else getattr(world.cast, walker)
    page = page_for(person.user if isinstance(person, Patient) else person)
    names = pages_of(walker)
    empty = [name for name in names if name in LISTS]
    all_four = request.config.getoption("every_view")
    wrong = []
    for name, views in zip(empty, cycle([EVERY_VIEW] if all_four else (STATE, CROSSED))):
        wrong += faults(page, f"{name} without anything", address(world, name), views)
    # From here on there is something to show. A made-up passkey opens no door, so it comes with its own page.
    paths = {name: address(world, name) for name in names if not name.startswith("mfa_")}
    for name, views in zip(names, cycle([EVERY_VIEW] if all_four else (STATE, CROSSED))):
        path = paths.get(name) or address(world, name)
        wrong += faults(page, name, path, views)
    if all_four:
        with capsys.disabled():
            print(f"\n{walker}: {len(names)} pages, {len(empty)} of them also empty, in {len(EVERY_VIEW)} views")
    assert not wrong, "\n".join(wrong)


def test_nobody_is_left_out():
    """Every row is a page somebody of the walk opens, a file, or an address that is only posted to."""
    walked = {name for walker in WALKERS for name in pages_of(walker)}
    posted = {name for name, rule in all_rules().items() if rule.post_only}
    assert walked | posted | FILES == set(all_rules())
    assert not walked & FILES
