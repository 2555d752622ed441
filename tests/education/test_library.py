"""Texts come in once, are fixed when published, and follow each other."""

import datetime
from html.parser import HTMLParser
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction

from education import articles
from education.articles import ArticleRejected, NotAssignable, NotReady, Review
from education.models import Article, ArticleAssignment, ArticleVersion, Status
from education.rendering import TAGS, render, safe_html

NEW_WORDS = ("You set the speed.", "You set the speed, always.")


class Page(HTMLParser):
    """What a browser would find in a piece of HTML."""

    def __init__(self) -> None:
        super().__init__()
        self.tags, self.names, self.links = set(), set(), []

    def handle_starttag(self, tag, attrs) -> None:
        self.tags.add(tag)
        self.names |= {name for name, _value in attrs}
        self.links += [value for name, value in attrs if name in ("href", "src")]


def publish(source, by=None):
    version = articles.load(by=by, source=source)
    review = Review("Dr. Made Up", datetime.date(2026, 9, 14))
    return articles.publish(by=by, version=articles.approve(by=by, version=version, review=review, months=24))


def test_loading_twice_changes_nothing(library, sources):
    before = list(ArticleVersion.objects.order_by("pk").values())
    reviews = {source.code: Review(source.clinical_reviewer, source.reviewed_on) for source in sources}
    articles.load_all(by=None, texts=sources, reviews=reviews)
    assert list(ArticleVersion.objects.order_by("pk").values()) == before
    assert len(before) == 4


def test_a_changed_text_becomes_a_new_version_and_retires_the_old_one(library, changed):
    publish(changed("A03", *NEW_WORDS))
    found = ArticleVersion.objects.filter(article__code="A03").order_by("number").values_list("number", "status")
    assert list(found) == [(1, Status.RETIRED), (2, Status.PUBLISHED)]


def test_an_unpublished_text_is_replaced_by_the_next_one(library, changed):
    articles.load(by=None, source=changed("A03", *NEW_WORDS))
    articles.load(by=None, source=changed("A03", "You set the speed.", "You set it."))
    found = ArticleVersion.objects.filter(article__code="A03").order_by("number")
    assert [version.status for version in found] == [Status.PUBLISHED, Status.CLINICAL_REVIEW]


def test_a_text_that_breaks_a_rule_is_not_loaded(db, changed):
    with pytest.raises(ArticleRejected) as rejected:
        articles.load(by=None, source=changed("A03", "You set the speed.", "It is a miracle."))
    assert rejected.value.problems == ["It may not say selling word: “miracle”."]
    assert not Article.objects.exists()


def test_what_is_derived_is_made_anew_on_a_published_text(library, sources):
    ArticleVersion.objects.update(parts=[{"kind": "prose", "title": "", "anchor": "", "html": "old"}])
    articles.load(by=None, source=sources[0])
    parts = ArticleVersion.objects.get(article__code="A01").parts
    assert parts == render(sources[0])[0]


@pytest.mark.parametrize(
    "change",
    [
        {"body": "other"},
        {"title": "other"},
        {"lead": "other"},
        {"references": [{"key": "R1"}]},
        {"self_check": []},
        {"author": "other"},
        {"clinical_reviewer": "other"},
        {"review_by": datetime.date(2040, 1, 1)},
        {"number": 9},
        {"checksum": "other"},
        {"status": Status.DRAFT},
        {"status": Status.APPROVED},
    ],
)
def test_a_published_text_is_fixed(library, change):
    with pytest.raises(IntegrityError), transaction.atomic():
        ArticleVersion.objects.filter(pk=library["A01"].pk).update(**change)


@pytest.mark.parametrize(
    "statement", ["DELETE FROM education_articleversion", "TRUNCATE education_articleversion CASCADE"]
)
def test_a_published_text_stays(library, statement):
    with pytest.raises(IntegrityError), transaction.atomic():
        connection.cursor().execute(f"SET CONSTRAINTS ALL IMMEDIATE; {statement}")
    assert ArticleVersion.objects.count() == 4


def test_a_retired_text_stays_retired(library):
    articles.retire(by=None, version=library["A01"])
    with pytest.raises(IntegrityError), transaction.atomic():
        ArticleVersion.objects.filter(pk=library["A01"].pk).update(status=Status.PUBLISHED)
    with pytest.raises(NotReady):
        articles.retire(by=None, version=library["A01"])


@pytest.mark.parametrize(
    "missing",
    [
        {"title": ""},
        {"lead": ""},
        {"body": "no boxes"},
        {"author": ""},
        {"clinical_reviewer": ""},
        {"reviewed_on": None},
        {"review_by": None},
        {"review_by": datetime.date(2026, 9, 14)},
        {"references": []},
        {"keywords": []},
        {"self_check": []},
        {"self_check": [{}]},
        {"parts": []},
        {"contents": []},
        {"published_at": None},
    ],
)
def test_the_database_publishes_nothing_incomplete(library, missing):
    copy = ArticleVersion.objects.get(pk=library["A01"].pk)
    copy.pk, copy.language = None, "es"
    for field, value in missing.items():
        setattr(copy, field, value)
    with pytest.raises(IntegrityError), transaction.atomic():
        copy.save()


def test_one_text_of_an_article_is_in_force_per_language(library):
    copy = ArticleVersion.objects.get(pk=library["A01"].pk)
    copy.pk, copy.number = None, 2
    with pytest.raises(IntegrityError), transaction.atomic():
        copy.save()


def test_steps_cannot_be_skipped(library, changed):
    version = articles.load(by=None, source=changed("A03", *NEW_WORDS))
    with pytest.raises(NotReady):
        articles.publish(by=None, version=version)
    with pytest.raises(NotReady):
        articles.approve(by=None, version=library["A01"], review=Review("X", datetime.date(2026, 1, 1)), months=24)


def test_a_text_past_its_day_is_due_and_after_90_days_cannot_be_given(library, patient, therapist, time_machine):
    by = library["A15"].review_by
    time_machine.move_to(datetime.datetime.combine(by + datetime.timedelta(days=90), datetime.time(12), datetime.UTC))
    articles.mark_due(by=None, today=by + datetime.timedelta(days=90))
    assert ArticleVersion.objects.get(article__code="A15").status == Status.DUE
    articles.assign(by=therapist, patient=patient, article=library["A15"].article)
    ArticleAssignment.objects.all().delete()
    time_machine.move_to(datetime.datetime.combine(by + datetime.timedelta(days=91), datetime.time(12), datetime.UTC))
    with pytest.raises(NotAssignable):
        articles.assign(by=therapist, patient=patient, article=library["A15"].article)


def test_in_the_demo_the_command_publishes_and_a_second_run_changes_nothing(db, settings):
    settings.DEMO = True
    for _run in range(2):
        out = StringIO()
        call_command("load_articles", stdout=out)
        assert out.getvalue() == "4 articles published, 0 waiting for a clinician.\n"
    assert ArticleVersion.objects.count() == 4


def test_elsewhere_texts_wait_until_a_clinician_vouches_for_them(db, settings):
    settings.DEMO = False
    out = StringIO()
    call_command("load_articles", stdout=out)
    call_command("load_articles", "--reviewer", "A. Real, PsyD", "--only", "A01", stdout=out)
    assert out.getvalue().splitlines() == [
        "0 articles published, 4 waiting for a clinician.",
        "1 articles published, 3 waiting for a clinician.",
    ]
    assert ArticleVersion.objects.get(status=Status.PUBLISHED).clinical_reviewer == "A. Real, PsyD"


@pytest.mark.parametrize(
    "markdown",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[x](javascript:alert(1))",
        "![x](https://example.org/x.png)",
        "<a href='https://example.org' onclick='alert(1)'>x</a>",
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
        "<style>p{}</style>",
        "[x](vbscript:alert(1))",
        "<iframe src='https://example.org'></iframe>",
        "[x](https://example.org \"a' onload='b\")",
    ],
)
def test_markdown_carries_no_script(markdown):
    page = Page()
    page.feed(safe_html(markdown))
    assert page.tags <= TAGS
    assert page.names <= {"href", "rel", "title"}
    assert all(link.startswith(("https:", "tel:", "sms:")) for link in page.links)


def test_no_script_of_a_text_reaches_the_page(library, changed, client):
    publish(
        changed(
            "A03", "You set the speed.", "You set the speed. <script>alert('x')</script><img src=x onerror=alert(1)>"
        )
    )
    page = client.get("/reading/body-mind-and-life-how-cbt-works/").content.decode()
    assert "<script>alert" not in page
    assert "<img" not in page
    assert "&lt;script&gt;" in page


def test_a_citation_leads_to_its_source_and_a_heading_has_its_anchor(sources):
    parts, contents = render(next(source for source in sources if source.code == "A01"))
    html = "".join(part["html"] for part in parts)
    assert 'href="#source-1" aria-label="Source 1">[1]</a>' in html
    assert "[R1]" not in html
    assert f'<h2 id="{contents[0]["anchor"]}">' in html
    assert len({entry["anchor"] for entry in contents}) == len(contents)
    assert [part["kind"] for part in parts].count("action") == 1
