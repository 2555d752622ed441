"""Anybody reads; a patient opens, finishes, asks; a therapist gives and sees; nobody else."""

from argparse import Namespace

import pytest
from django.db import IntegrityError, connection, transaction
from django.template.loader import render_to_string
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from education import articles, home, privacy
from education.articles import AlreadyAssigned
from education.models import ArticleAssignment, Status
from practice.models import AuditEvent
from tests import cast
from tests.education.test_library import publish

LIST = "/reading/"
DETAIL = "/reading/what-is-chronic-pain/"


def url(step: str, assignment) -> str:
    return reverse(f"education:article-{step}", args=[assignment.pk])


def test_anybody_reads_every_article(library, client):
    page = client.get(LIST).content.decode()
    for version in library.values():
        assert version.title in page
        text = client.get(reverse("education:article-detail", args=[version.article.slug]))
        assert text.status_code == 200
        assert version.clinical_reviewer in text.content.decode()
        assert "not for emergencies" in text.content.decode()


def test_an_unknown_or_retired_article_is_not_found(library, client):
    assert client.get("/reading/nothing-here/").status_code == 404
    articles.retire(by=None, version=library["A02"])
    assert client.get(DETAIL).status_code == 404


def test_a_text_for_patients_is_hidden_from_visitors(library, client, patient, as_):
    article = library["A02"].article
    article.audience = "patients"
    article.save()
    assert client.get(DETAIL).status_code == 404
    assert article.title not in client.get(LIST).content.decode()
    assert as_(patient.user).get(DETAIL).status_code == 200


@pytest.mark.parametrize(
    ("words", "codes"),
    [
        ("chronic", ["A02"]),
        ("LUMBAGO", ["A02"]),
        ("counseling", ["A01"]),
        ("esketamine", ["A15"]),
        ("cbt works", ["A03"]),
        ("nothing-at-all", []),
        ("", ["A01", "A02", "A03", "A15"]),
    ],
)
def test_search_finds_titles_keywords_and_other_names(library, client, words, codes):
    page = client.get(LIST, {"q": words}).content.decode()
    assert [code for code, version in sorted(library.items()) if f">{version.title}</a>" in page] == codes


def test_reading_a_page_changes_nothing(reading, patient, as_):
    as_(patient.user).get(DETAIL)
    as_(patient.user).get(LIST)
    reading.refresh_from_db()
    assert reading.opened_at is None


def test_opening_is_recorded_once_and_leads_to_the_article(reading, patient, as_):
    client = as_(patient.user)
    response = client.post(url("open", reading))
    assert (response.status_code, response.url) == (302, DETAIL)
    reading.refresh_from_db()
    first = reading.opened_at
    client.post(url("open", reading))
    reading.refresh_from_db()
    assert reading.opened_at == first
    assert "The part about time" in client.get(DETAIL).content.decode()


def test_finishing_twice_is_harmless(reading, patient, as_):
    client = as_(patient.user)
    client.post(url("finish", reading), {"helpful": "yes", "question": "Is mine primary?"})
    reading.refresh_from_db()
    first = reading.finished_at
    client.post(url("finish", reading), {"helpful": "", "question": ""})
    reading.refresh_from_db()
    assert (reading.finished_at, reading.helpful, reading.question_text) == (first, True, "Is mine primary?")
    assert AuditEvent.objects.filter(object_type="education.articleassignment", action="change").count() == 1


def test_finishing_needs_no_word_and_no_opening(reading, patient, as_):
    as_(patient.user).post(url("finish", reading))
    reading.refresh_from_db()
    assert reading.opened_at == reading.finished_at
    assert (reading.helpful, reading.question_text, reading.asked_at) == (None, "", None)


def test_a_question_too_long_is_kept_as_typed(reading, patient, as_):
    typed = "x" * 2001
    response = as_(patient.user).post(url("finish", reading), {"question": typed})
    assert response.status_code == 422
    assert typed in response.content.decode()
    reading.refresh_from_db()
    assert reading.finished_at is None


def test_a_question_can_be_put_better_and_taken_back(reading, patient, as_):
    client = as_(patient.user)
    client.post(url("ask", reading), {"question": "Why me?"})
    client.post(url("ask", reading), {"question": "Why my back?"})
    reading.refresh_from_db()
    assert reading.question_text == "Why my back?"
    client.post(url("ask", reading), {"question": ""})
    reading.refresh_from_db()
    assert (reading.question_text, reading.asked_at) == ("", None)


@pytest.mark.parametrize("step", ["open", "finish", "ask"])
def test_only_the_patient_records_reading(reading, as_, step, other_patient, therapist, front_desk, manager):
    for stranger in (other_patient.user, therapist, front_desk, manager):
        assert as_(stranger).post(url(step, reading)).status_code == 404
    assert as_(None).post(url(step, reading)).status_code == 302
    reading.refresh_from_db()
    assert (reading.opened_at, reading.finished_at) == (None, None)


@pytest.mark.parametrize("step", ["open", "finish", "ask"])
def test_reading_is_recorded_by_post_only(reading, patient, as_, step):
    assert as_(patient.user).get(url(step, reading)).status_code == 405


def test_reading_given_is_visible_to_the_patient_and_the_case_only(
    reading, patient, other_patient, therapist, other_therapist, supervisor, front_desk, manager
):
    cast.care(patient, supervisor, "supervisor")
    seen = {
        person.name: ArticleAssignment.objects.visible_to(person).count()
        for person in (patient.user, other_patient.user, therapist, other_therapist, supervisor, front_desk, manager)
    }
    assert seen == {
        "Rosa Meier": 1,
        "Leon Abara": 0,
        "Ines Varga": 1,
        "Tomas Adeyemi": 0,
        "Sefa Lindholm": 1,
        "Marlow Beck": 0,
        "Adair Novak": 0,
    }


def test_a_therapist_gives_an_article_and_sees_what_became_of_it(library, in_care, therapist, as_):
    create = reverse("education:assignment-create", args=[in_care.pk])
    overview = reverse("education:assignment-list", args=[in_care.pk])
    client = as_(therapist)
    response = client.post(create, {"article": library["A03"].article_id, "note": "For Thursday"})
    assert (response.status_code, response.url) == (302, overview)
    given = ArticleAssignment.objects.get()
    assert (given.article_version, given.assigned_by, given.note) == (library["A03"], therapist, "For Thursday")
    assert "Not opened" in client.get(overview).content.decode()
    articles.finish(by=in_care.user, assignment=given, helpful=False, question="What if I forget?")
    page = client.get(overview).content.decode()
    assert "Finished" in page
    assert "Did not find it helpful" in page
    assert "What if I forget?" in page


def test_the_same_article_is_not_given_twice_while_unfinished(reading, library, in_care, therapist, as_):
    create = reverse("education:assignment-create", args=[in_care.pk])
    body = {"article": library["A02"].article_id, "note": "typed words"}
    response = as_(therapist).post(create, body)
    assert response.status_code == 409
    assert "typed words" in response.content.decode()
    with pytest.raises(AlreadyAssigned):
        articles.assign(by=therapist, patient=in_care, article=library["A02"])
    with pytest.raises(IntegrityError), transaction.atomic():
        ArticleAssignment.objects.create(patient=in_care, article_version=library["A02"], assigned_by=therapist)
    articles.finish(by=in_care.user, assignment=reading)
    assert as_(therapist).post(create, body).status_code == 302


def test_a_form_without_an_article_is_422(library, in_care, therapist, as_):
    create = reverse("education:assignment-create", args=[in_care.pk])
    as_(therapist).get(create)
    assert AuditEvent.objects.filter(action="view", object_type="reading", actor_id=therapist.pk).count() == 1
    assert as_(therapist).post(create, {"note": "kept"}).status_code == 422
    assert as_(therapist).post(create, {"article": "999999", "note": "kept"}).status_code == 422


def test_unopened_reading_moves_on_to_the_new_text_and_opened_reading_does_not(
    reading, library, changed, in_care, therapist
):
    opened = articles.assign(by=therapist, patient=in_care, article=library["A03"])
    articles.open(by=in_care.user, assignment=opened)
    newer = publish(changed("A02", "It can sit in one spot", "It may sit in one spot"))
    publish(changed("A03", "You set the speed.", "You set the speed, always."))
    reading.refresh_from_db()
    opened.refresh_from_db()
    assert reading.article_version == newer
    assert opened.article_version == library["A03"]
    assert opened.article_version.status == Status.RETIRED


def test_a_text_taken_back_asks_nothing_of_the_patient(reading, library, patient, as_):
    articles.retire(by=None, version=library["A02"])
    client = as_(patient.user)
    assert "There is nothing for you to do" in client.get(LIST).content.decode()
    assert client.post(url("open", reading)).status_code == 404
    assert home.cards(patient.user) == []


def test_the_start_page_has_a_card_only_while_something_waits(reading, patient, therapist, front_desk):
    cards = home.cards(patient.user)
    assert [card.order for card in cards] == [40]
    drawn = render_to_string(cards[0].template, {"card": cards[0].context, "request": Namespace(user=patient.user)})
    assert url("open", reading) in drawn
    assert home.cards(therapist) == home.cards(front_desk) == []
    articles.finish(by=patient.user, assignment=reading)
    assert home.cards(patient.user) == []


def test_every_look_at_a_patients_reading_is_audited(reading, in_care, therapist, as_):
    as_(therapist).get(reverse("education:assignment-list", args=[in_care.pk]))
    as_(in_care.user).get(DETAIL)
    seen = AuditEvent.objects.filter(action="view").order_by("pk").values_list("actor_id", "patient_id", "object_type")
    assert list(seen) == [
        (therapist.pk, in_care.pk, "reading"),
        (in_care.user.pk, in_care.pk, "education.articleassignment"),
    ]


def test_no_word_of_a_patient_is_in_the_audit_trail(reading, in_care, therapist):
    articles.finish(by=in_care.user, assignment=reading, question="MARKER-7731")
    assert "MARKER-7731" not in str(list(AuditEvent.objects.values()))


def test_history_keeps_every_answer(reading, in_care):
    articles.ask(by=in_care.user, assignment=reading, question="First")
    articles.ask(by=in_care.user, assignment=reading, question="Second")
    kept = ArticleAssignment.pgh_event_model.objects.order_by("pgh_id").values_list("question_text", flat=True)
    assert list(kept) == ["", "First", "Second"]


def test_export_and_erasure_reach_history_and_leave_others_alone(reading, library, in_care, other_patient, therapist):
    articles.finish(by=in_care.user, assignment=reading, question="Mine")
    articles.assign(by=therapist, patient=other_patient, article=library["A01"])
    exported = privacy.export(in_care)["reading"]
    assert [(entry["article"], entry["question"]) for entry in exported] == [("What is chronic pain?", "Mine")]
    privacy.erase(in_care)
    assert privacy.export(in_care) == {"reading": []}
    assert not ArticleAssignment.pgh_event_model.objects.filter(patient_id=in_care.pk).exists()
    assert ArticleAssignment.objects.get().patient == other_patient
    assert ArticleAssignment.pgh_event_model.objects.filter(patient_id=other_patient.pk).exists()


def give(library, patient, therapist, codes):
    for code in codes:
        articles.assign(by=therapist, patient=patient, article=library[code])


@pytest.mark.parametrize("codes", [["A01"], ["A01", "A02", "A03"]])
def test_list_pages_cost_the_same_for_one_row_and_three(library, in_care, therapist, as_, codes):
    give(library, in_care, therapist, codes)
    client, staff = as_(in_care.user), as_(therapist)
    assert queries(client, LIST) == 9
    assert queries(staff, reverse("education:assignment-list", args=[in_care.pk])) == 9
    assert queries(as_(None), LIST) == 2


def queries(client, address) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    return len(captured)
