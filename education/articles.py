"""Rules of the library: how a text gets in, when it may be read, when it may be given to a patient (clinical.md 8)."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.translation import get_language

from education.lint import problems
from education.models import (
    IN_FORCE,
    IN_MAKING,
    Article,
    ArticleAssignment,
    ArticleAssignmentQuerySet,
    ArticleVersion,
    ArticleVersionQuerySet,
    Status,
)
from education.rendering import minutes, render
from education.source import Source, months_after, parse
from practice.action import action
from practice.audit import Action, record
from practice.models import Patient, User

FOLDER = Path(__file__).parent / "articles"


class ArticleRejected(Exception):
    """A text that may not be published. ``problems`` says why, one sentence each."""

    def __init__(self, name: str, problems: list[str]) -> None:
        super().__init__(f"{name}: {' '.join(problems)}")
        self.problems = problems


class NotReady(Exception):
    """The version is not in a state that allows this step."""


class AlreadyAssigned(Exception):
    """The patient has this article and has not finished it."""


class NotAssignable(Exception):
    """The article is not published, or its review is overdue by more than 90 days."""


# -- The library -----------------------------------------------------------------------------------------------------


def reader_language() -> str:
    """The language of the page being made, without its region: ``en`` for ``en-us``."""
    return (get_language() or "en").split("-")[0]


def library(user: User, words: str = "") -> ArticleVersionQuerySet:
    """The texts ``user`` may read now, one per article in the reader's language, those that match ``words`` if any."""
    versions = ArticleVersion.objects.visible_to(user).searched(words)
    return versions.in_language(reader_language())


def related_to(version: ArticleVersion, user: User) -> list[ArticleVersion]:
    """Further reading in the order the author named it, left out what ``user`` may not read."""
    found = {text.article.code: text for text in library(user).filter(article__code__in=version.related)}
    return [found[code] for code in version.related if code in found]


def assignable(today: datetime.date) -> list[ArticleVersion]:
    """The texts that may be given to a patient today, in the language of the one who gives."""
    texts = ArticleVersion.objects.in_force().in_language(reader_language())
    return [text for text in texts if text.is_assignable(today)]


# -- Texts come in ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Review:
    """A clinician's word that a text is sound: who looked, and on which day."""

    reviewer: str
    on: datetime.date


def sources(folder: Path = FOLDER) -> list[Source]:
    """Every article file of ``folder``, by name."""
    return [parse(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.md"))]


@action
def load(*, by: User | None, source: Source) -> ArticleVersion:
    """Bring one text into the library as ``clinical_review``; the same text again changes nothing.

    The newest version is returned, whatever its state. What is derived from the text is made anew when the renderer has
    changed. Raises :class:`ArticleRejected` when the text breaks a rule of education/lint.py.
    """
    if found := problems(source):
        raise ArticleRejected(source.code, found)
    article, _created = Article.objects.get_or_create(
        code=source.code, defaults={"slug": source.slug, "title": source.title, "audience": source.audience}
    )
    article = Article.objects.select_for_update().get(pk=article.pk)
    newest = article.versions.filter(language=source.language).order_by("number").last()
    if newest is not None and newest.checksum == source.checksum:
        return derive(newest, source)
    last = newest.number if newest is not None else 0
    # A text that no reader has seen is replaced, not piled up.
    article.versions.filter(language=source.language, status__in=[*IN_MAKING, Status.APPROVED]).delete()
    version = ArticleVersion(
        article=article,
        language=source.language,
        number=last + 1,
        status=Status.CLINICAL_REVIEW,
        title=source.title,
        lead=source.lead,
        body=source.body,
        self_check=source.self_check,
        references=source.references,
        keywords=source.keywords,
        synonyms=source.synonyms,
        related=source.related,
        author=source.author,
        minutes=minutes(source.body),
        checksum=source.checksum,
    )
    derive(version, source)
    record(by=by, action=Action.CREATE, obj=version)
    return version


def derive(version: ArticleVersion, source: Source) -> ArticleVersion:
    """Set and save what follows from the text: HTML parts, contents, words to search."""
    parts, contents = render(source)
    search_text = " ".join([source.title, source.lead, *source.keywords, *source.synonyms]).lower()
    if (version.parts, version.contents, version.search_text) != (parts, contents, search_text):
        version.parts, version.contents, version.search_text = parts, contents, search_text
        version.save()
    return version


@action
def approve(*, by: User | None, version: ArticleVersion, review: Review, months: int) -> ArticleVersion:
    """A clinician found the text sound; it is looked at again ``months`` later. Raises :class:`NotReady`."""
    version = ArticleVersion.objects.select_for_update().get(pk=version.pk)
    if version.status not in IN_MAKING:
        raise NotReady(f"A text that is {version.status} cannot be approved.")
    version.clinical_reviewer = review.reviewer
    version.reviewed_on = review.on
    version.review_by = months_after(review.on, months)
    version.status = Status.APPROVED
    version.save()
    record(by=by, action=Action.CHANGE, obj=version, detail={"status": version.status})
    return version


@action
def publish(*, by: User | None, version: ArticleVersion) -> ArticleVersion:
    """Put an approved text before its readers and retire the one it follows. Raises :class:`NotReady`.

    Reading that was given but not opened moves on to the new text; what was opened keeps the text that was read.
    """
    version = ArticleVersion.objects.select_for_update().select_related("article").get(pk=version.pk)
    if version.status != Status.APPROVED:
        raise NotReady(f"A text that is {version.status} cannot be published.")
    former = ArticleVersion.objects.filter(article=version.article, language=version.language, status__in=IN_FORCE)
    former_ids = list(former.values_list("pk", flat=True))
    former.update(status=Status.RETIRED)
    version.status, version.published_at = Status.PUBLISHED, timezone.now()
    version.save(update_fields=["status", "published_at"])
    version.article.title = version.title
    version.article.save(update_fields=["title"])
    unread = ArticleAssignment.objects.filter(article_version__in=former_ids, opened_at__isnull=True)
    unread.update(article_version=version)
    record(by=by, action=Action.CHANGE, obj=version, detail={"status": version.status})
    return version


@action
def retire(*, by: User | None, version: ArticleVersion) -> ArticleVersion:
    """Take a published text back, at once and for good. Raises :class:`NotReady`."""
    if not ArticleVersion.objects.filter(pk=version.pk, status__in=IN_FORCE).update(status=Status.RETIRED):
        raise NotReady("Only a published text can be retired.")
    version.status = Status.RETIRED
    record(by=by, action=Action.CHANGE, obj=version, detail={"status": version.status})
    return version


@action
def mark_due(*, by: User | None, today: datetime.date) -> int:
    """Published texts past their review date become ``due``: still readable, and staff see that they are checked."""
    past = ArticleVersion.objects.filter(status=Status.PUBLISHED, review_by__lt=today)
    return past.update(status=Status.DUE)


@action
def load_all(*, by: User | None, texts: Iterable[Source], reviews: dict[str, Review]) -> list[ArticleVersion]:
    """Load every text and publish those that ``reviews`` (by article code) vouches for. Idempotent."""
    versions = []
    for source in texts:
        version = load(by=by, source=source)
        review = reviews.get(source.code)
        if review is not None and version.status in IN_MAKING:
            version = approve(by=by, version=version, review=review, months=source.review_months)
            version = publish(by=by, version=version)
        versions.append(version)
    mark_due(by=by, today=timezone.now().date())
    return versions


# -- Reading given to a patient ----------------------------------------------------------------------------------------


@action
def assign(*, by: User, patient: Patient, article: Article | ArticleVersion, note: str = "") -> ArticleAssignment:
    """Give ``patient`` an article to read, with a short word of the therapist if there is one.

    ``article`` is an article, then its text in force is given, or a version in force. Raises :class:`NotAssignable`
    and, while the patient has not finished the same article, :class:`AlreadyAssigned`.
    """
    now = timezone.now()
    wanted = {"pk": article.pk} if isinstance(article, ArticleVersion) else {"article": article}
    version = ArticleVersion.objects.in_force().filter(**wanted).in_language(reader_language()).first()
    if version is None or not version.is_assignable(now.date()):
        raise NotAssignable
    # One giver at a time per patient, so that the look below holds until the row is in.
    Patient.objects.select_for_update(no_key=True).get(pk=patient.pk)
    unfinished = ArticleAssignment.objects.filter(patient=patient, finished_at__isnull=True)
    if unfinished.filter(article_version__article=version.article).exists():
        raise AlreadyAssigned
    assignment = ArticleAssignment.objects.create(
        patient=patient, article_version=version, assigned_by=by, assigned_at=now, note=note.strip()
    )
    record(by=by, action=Action.CREATE, obj=assignment, patient=patient)
    return assignment


def _locked(assignment: ArticleAssignment) -> ArticleAssignment:
    return ArticleAssignment.objects.select_for_update(of=("self",)).with_texts().get(pk=assignment.pk)


@action
def open(*, by: User, assignment: ArticleAssignment) -> ArticleAssignment:
    """The patient opened the text; the first time counts."""
    assignment = _locked(assignment)
    if assignment.opened_at is None:
        assignment.opened_at = timezone.now()
        assignment.save(update_fields=["opened_at"])
        record(by=by, action=Action.CHANGE, obj=assignment, patient=assignment.patient_id, detail={"step": "opened"})
    return assignment


@action
def finish(
    *, by: User, assignment: ArticleAssignment, helpful: bool | None = None, question: str = ""
) -> ArticleAssignment:
    """The patient has read the text. A second time is harmless: the first moment stays, silence erases no answer."""
    assignment = _locked(assignment)
    now = timezone.now()
    before = (assignment.finished_at, assignment.helpful, assignment.question_text)
    assignment.opened_at = assignment.opened_at or now
    assignment.finished_at = assignment.finished_at or now
    assignment.helpful = assignment.helpful if helpful is None else helpful
    if question.strip() and question.strip() != assignment.question_text:
        assignment.question_text, assignment.asked_at = question.strip(), now
    if before != (assignment.finished_at, assignment.helpful, assignment.question_text):
        assignment.save()
        record(by=by, action=Action.CHANGE, obj=assignment, patient=assignment.patient_id, detail={"step": "finished"})
    return assignment


@action
def ask(*, by: User, assignment: ArticleAssignment, question: str) -> ArticleAssignment:
    """The patient leaves a question for the therapist, or puts the earlier one in better words; empty takes it back."""
    assignment = _locked(assignment)
    question = question.strip()
    if question != assignment.question_text:
        assignment.question_text = question
        assignment.asked_at = timezone.now() if question else None
        assignment.save(update_fields=["question_text", "asked_at"])
        record(by=by, action=Action.CHANGE, obj=assignment, patient=assignment.patient_id, detail={"step": "asked"})
    return assignment


def own_reading(user: User) -> ArticleAssignmentQuerySet:
    """What the signed-in patient was given, newest first; ``is_available``: whether a text is in force to be read."""
    own = ArticleAssignment.objects.visible_to(user).filter(patient__user=user)
    return own.with_texts().annotate(is_available=text_in_force())


def text_in_force() -> Exists:
    """Whether the article of an assignment has a text that may be read now."""
    return Exists(ArticleVersion.objects.filter(article=OuterRef("article_version__article"), status__in=IN_FORCE))


def unfinished_reading(user: User) -> ArticleAssignmentQuerySet:
    """What the signed-in patient was given, can read and has not finished, newest first."""
    return own_reading(user).filter(text_in_force(), finished_at__isnull=True)


def reading_of(patient: Patient) -> list[ArticleAssignment]:
    """What ``patient`` was given, newest first, with texts and givers: one query. The caller records who looked."""
    return list(patient.reading.with_texts())
