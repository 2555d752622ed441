"""Parts of pages that are rendered once: the same for the same inputs, and never one reader's for another."""

import re

from django.template import Context, Template
from django.test import RequestFactory
from django.urls import reverse

from practice.models import Practice
from practice.templatetags import steady
from tests.practice.schedule import TUESDAY_NINE, confirmed, contact, frozen

__all__ = ["frozen"]
PUBLIC = ("/therapists/", "/therapists/ines-varga/", "/times/", "/privacy/")
PICKER = "/therapists/ines-varga/times/"


def render(template: Template, **context) -> str:
    return template.render(Context(context | {"request": RequestFactory().get("/")}))


def test_a_part_is_rendered_once_for_the_same_keys_and_anew_for_others():
    template = Template("{% load steady %}{% steady key %}{{ word }}{% endsteady %}")
    assert render(template, key=("a", 1), word="first") == "first"
    assert render(template, key=("a", 1), word="second") == "first"
    assert render(template, key=("a", 2), word="third") == "third"


def test_two_parts_of_one_page_do_not_share():
    template = Template("{% load steady %}{% steady 1 %}one{% endsteady %}{% steady 1 %}two{% endsteady %}")
    assert render(template) == "onetwo"


def test_the_number_kept_has_an_end(monkeypatch):
    monkeypatch.setattr(steady, "MOST", 3)
    template = Template("{% load steady %}{% steady key %}{{ key }}{% endsteady %}")
    for number in range(9):
        render(template, key=number)
    assert len(steady.rendered) == 3


def test_a_page_says_what_the_practice_says_now(clinic, therapist, as_):
    assert "(541) 555-0142" in as_(None).get("/privacy/").content.decode()
    Practice.objects.update(phone="+15415550199")
    page = as_(None).get("/privacy/").content.decode()
    assert "(541) 555-0199" in page
    assert "0142" not in page


def test_whoever_is_signed_in_gets_the_own_frame(clinic, therapist, patient, as_):
    for path in PUBLIC:
        frames = [as_(who).get(path).content.decode() for who in (None, patient.user, None)]
        assert [reverse("account_logout") in frame for frame in frames] == [False, True, False]


def test_the_head_of_a_page_is_the_same_for_all_readers_but_for_the_nonce_of_the_answer(
    clinic, therapist, patient, as_
):
    for path in (*PUBLIC, PICKER):
        answers = [as_(who).get(path) for who in (None, patient.user, therapist, None)]
        heads = [re.search(r'<link rel="icon".*?</head>', each.content.decode(), re.DOTALL)[0] for each in answers]
        assert len({re.sub(r' nonce="[^"]+"', "", head) for head in heads}) == 1
        for answer, head in zip(answers, heads, strict=True):
            assert ("htmx" in head) == (path == PICKER)
            for nonce in re.findall(r' nonce="([^"]+)"', head):
                assert f"'nonce-{nonce}'" in answer.headers["Content-Security-Policy"]


def test_pages_of_templates_without_a_name_do_not_share(clinic):
    frame = "{%% extends 'base.html' %%}{%% block scripts %%}%s{%% endblock %%}"
    context = {"request": RequestFactory().get("/")}
    context["request"].resolver_match = None
    pages = [Template(frame % word).render(Context(context)) for word in ("one.js", "two.js")]
    assert ["one.js" in page for page in pages] == [True, False]
    assert "two.js" in pages[1]


def test_no_token_of_anybody_is_kept(clinic, therapist, as_):
    for path in (*PUBLIC, PICKER):
        as_(None).get(path)
    kept = "".join(steady.rendered.values())
    assert "csrfmiddlewaretoken" not in kept


def test_a_time_that_was_booked_leaves_the_page(clinic, therapist, as_, frozen):
    address = "/therapists/ines-varga/times/?day=2027-03-09"
    before = re.findall(r'value="(2027-[^"]+)"', as_(None).get(address).content.decode())
    confirmed(clinic, therapist, TUESDAY_NINE, contact("rosa@example.org"))
    after = re.findall(r'value="(2027-[^"]+)"', as_(None).get(address).content.decode())
    assert set(before) - set(after) == {TUESDAY_NINE.isoformat()}
