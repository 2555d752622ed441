"""Who reaches the pages of education; read together with tests/practice/access_table.py."""

from education import articles
from tests.education.conftest import published
from tests.practice.access_table import CASE, public, roles


def library(world):
    """The published articles in the order of their codes."""
    return world.once("library", lambda: list(published(articles.sources()).values()))


def article_slug(world, side):
    first, second, *_others = library(world)
    return {"slug": (first if side is world.own else second).article.slug}


def assignment_pk(world, side):
    """An article given to the patient of this side by the clinician who treats."""

    def assign():
        text = library(world)[0]
        return articles.assign(by=side.clinician, patient=side.patient, article=text)

    return {"pk": world.once(("assignment", side.patient.pk), assign).pk}


def patient_of_side(world, side):
    return {"patient_pk": side.patient.pk}


RULES = {
    # The library
    "education:article-list": public(),
    "education:article-detail": public(of=article_slug),
    # A patient's own reading
    "education:article-open": roles("patient", of=assignment_pk, post_only=True),
    "education:article-finish": roles("patient", of=assignment_pk, post_only=True),
    "education:article-ask": roles("patient", of=assignment_pk, post_only=True),
    # What clinicians give
    "education:assignment-list": roles(CASE, of=patient_of_side),
    "education:assignment-create": roles(CASE, of=patient_of_side),
}
