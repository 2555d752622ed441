"""The library as the demo has it, and texts that break one rule each."""

import pytest

from education import articles
from education.articles import Review
from education.source import parse
from tests import cast


@pytest.fixture(scope="session")
def sources():
    return articles.sources()


def published(sources):
    """The articles, published under the made-up reviewer of their files; by code."""
    reviews = {source.code: Review(source.clinical_reviewer, source.reviewed_on) for source in sources}
    versions = articles.load_all(by=None, texts=sources, reviews=reviews)
    return {version.article.code: version for version in versions}


@pytest.fixture
def library(db, sources):
    return published(sources)


@pytest.fixture
def served_reading(served, sources):
    """For the browser: the cast and the library, committed; A02 given by the therapist to the patient."""
    people = cast.everyone()
    text = published(sources)["A02"]
    people.reading = articles.assign(by=people.therapist, patient=people.patient, article=text, note="See the bus")
    return people


@pytest.fixture
def in_care(patient, therapist):
    """The therapist treats the patient; the patient row is returned."""
    cast.care(patient, therapist)
    return patient


@pytest.fixture
def reading(library, in_care, therapist):
    """A02, given to the patient by the therapist."""
    return articles.assign(by=therapist, patient=in_care, article=library["A02"], note="The part about time")


@pytest.fixture
def changed():
    """``changed(code, old, new)``: the source of an article with one stretch of its file replaced."""

    def change(code: str, old: str, new: str):
        path = next(articles.FOLDER.glob(f"{code.lower()}-*.md"))
        text = path.read_text(encoding="utf-8")
        assert old in text, f"{path.name} does not say {old!r}"
        return parse(text.replace(old, new))

    return change
