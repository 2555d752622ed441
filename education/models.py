"""Articles, their fixed versions, and the reading a therapist gives to a patient (clinical.md 1.1 F01, 1.5, 8)."""

from __future__ import annotations

import datetime

import pghistory
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Case, F, Func, Q, Value, When
from django.db.models.lookups import Exact
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from practice.models import Patient, User

# clinical.md 8.1: this long after its review date an article may no longer be given to anybody.
GRACE_DAYS = 90


class ArticleQuerySet(models.QuerySet["Article"]):
    def visible_to(self, user: User) -> ArticleQuerySet:
        """Articles ``user`` may read: the public ones, and for anybody signed in those written for patients too."""
        return self if user.is_authenticated else self.filter(audience=Article.Audience.PUBLIC)


class Article(models.Model):
    """A text of the library, whatever its version. ``title`` is the one in force; each version keeps its own."""

    class Audience(models.TextChoices):
        PUBLIC = "public", _("Anybody")
        PATIENTS = "patients", _("People with an account")

    code = models.CharField(max_length=10, unique=True)
    slug = models.SlugField(max_length=80, unique=True)
    title = models.CharField(max_length=200)
    audience = models.CharField(max_length=10, choices=Audience, default=Audience.PUBLIC)

    objects = ArticleQuerySet.as_manager()

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return self.title


class Status(models.TextChoices):
    DRAFT = "draft", _("Draft")
    CLINICAL_REVIEW = "clinical_review", _("With the clinical reviewer")
    APPROVED = "approved", _("Approved")
    PUBLISHED = "published", _("Published")
    DUE = "due", _("Being checked")
    RETIRED = "retired", _("Retired")


IN_FORCE = (Status.PUBLISHED, Status.DUE)
IN_MAKING = (Status.DRAFT, Status.CLINICAL_REVIEW)


class ArticleVersionQuerySet(models.QuerySet["ArticleVersion"]):
    def in_force(self) -> ArticleVersionQuerySet:
        return self.filter(status__in=IN_FORCE).select_related("article")

    def visible_to(self, user: User) -> ArticleVersionQuerySet:
        """Versions in force that ``user`` may read."""
        return self.in_force().filter(article__in=Article.objects.visible_to(user))

    def in_language(self, language: str) -> ArticleVersionQuerySet:
        """One row per article: the text in ``language`` where there is one, else the English one."""
        wanted = Case(When(language=language, then=Value(0)), When(language="en", then=Value(1)), default=Value(2))
        return self.order_by("article__code", wanted).distinct("article__code")

    def searched(self, words: str) -> ArticleVersionQuerySet:
        """Texts whose title, lead, keywords or other names hold every one of the first six words."""
        found = self
        for word in words.lower().split()[:6]:
            found = found.filter(search_text__contains=word)
        return found


class ArticleVersion(models.Model):
    """One text in one language. From publishing on only its status may change; a trigger refuses the rest.

    ``parts``, ``contents`` and ``search_text`` follow from the text (education/rendering.py) and may be made anew.
    """

    article = models.ForeignKey(Article, models.PROTECT, related_name="versions")
    language = models.CharField(max_length=10, default="en")
    number = models.PositiveSmallIntegerField()
    status = models.CharField(max_length=20, choices=Status, default=Status.DRAFT)
    title = models.CharField(max_length=200)
    lead = models.CharField(max_length=400, blank=True)
    body = models.TextField()
    self_check = models.JSONField(default=list, blank=True)
    references = models.JSONField(default=list, blank=True)
    keywords = ArrayField(models.CharField(max_length=80), default=list, blank=True)
    synonyms = ArrayField(models.CharField(max_length=80), default=list, blank=True)
    related = ArrayField(models.CharField(max_length=10), default=list, blank=True)
    author = models.CharField(max_length=200, blank=True)
    clinical_reviewer = models.CharField(max_length=200, blank=True)
    reviewed_on = models.DateField(null=True, blank=True)
    review_by = models.DateField(null=True, blank=True)
    minutes = models.PositiveSmallIntegerField(default=1)
    checksum = models.CharField(max_length=64)
    published_at = models.DateTimeField(null=True, blank=True)
    parts = models.JSONField(default=list, blank=True)
    contents = models.JSONField(default=list, blank=True)
    search_text = models.TextField(blank=True)

    objects = ArticleVersionQuerySet.as_manager()

    class Meta:
        ordering = ["article__code", "language", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["article", "language", "number"], name="article_version_number_once"),
            models.UniqueConstraint(
                fields=["article", "language"], condition=Q(status__in=IN_FORCE), name="article_one_version_in_force"
            ),
            # clinical.md 1.5 F53 and 8.1: nothing is approved or published without all of these.
            models.CheckConstraint(
                condition=Q(status__in=IN_MAKING)
                | (
                    ~Q(title="") & ~Q(lead="") & ~Q(author="") & ~Q(clinical_reviewer="")
                    & Q(reviewed_on__isnull=False, review_by__isnull=False, review_by__gt=F("reviewed_on"))
                    & Q(body__contains="::: action ") & Q(body__contains="::: doctor ")
                    & ~Q(references=[]) & ~Q(keywords=[]) & ~Q(parts=[]) & ~Q(contents=[])
                ),
                name="article_complete_before_approval",
            ),
            models.CheckConstraint(
                condition=Q(status__in=IN_MAKING)
                | Q(Exact(Func(F("self_check"), function="jsonb_array_length", output_field=models.IntegerField()), 2)),
                name="article_has_two_self_checks",
            ),
            models.CheckConstraint(
                condition=Q(status__in=[*IN_MAKING, Status.APPROVED], published_at__isnull=True)
                | Q(status__in=[*IN_FORCE, Status.RETIRED], published_at__isnull=False),
                name="article_published_at_when_published",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.article_id} {self.language} {self.number}"

    def is_past_review(self, today: datetime.date) -> bool:
        return self.review_by is not None and self.review_by < today

    def is_assignable(self, today: datetime.date) -> bool:
        """Whether the text may be given to a patient: in force, and at most 90 days past its review date."""
        if self.status not in IN_FORCE or self.review_by is None:
            return False
        return today <= self.review_by + datetime.timedelta(days=GRACE_DAYS)


class ArticleAssignmentQuerySet(models.QuerySet["ArticleAssignment"]):
    def visible_to(self, user: User) -> ArticleAssignmentQuerySet:
        """The own reading of a patient, or that of people under a running care assignment; nobody else's."""
        return self.filter(patient__in=Patient.objects.visible_to(user))

    def with_texts(self) -> ArticleAssignmentQuerySet:
        return self.select_related("article_version__article", "assigned_by")


@pghistory.track(pghistory.InsertEvent(), pghistory.UpdateEvent(), pghistory.DeleteEvent())
class ArticleAssignment(models.Model):
    """One article given to one patient, and what became of it. Deleted only by privacy.py."""

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="reading")
    article_version = models.ForeignKey(ArticleVersion, models.PROTECT, related_name="assignments")
    assigned_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    assigned_at = models.DateTimeField(default=timezone.now)
    note = models.CharField(_("a word to go with it"), max_length=300, blank=True)
    opened_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    helpful = models.BooleanField(null=True, blank=True)
    question_text = models.TextField(blank=True)
    asked_at = models.DateTimeField(null=True, blank=True)

    objects = ArticleAssignmentQuerySet.as_manager()

    class Meta:
        ordering = ["-assigned_at", "-pk"]
        indexes = [models.Index(fields=["patient", "-assigned_at"], name="reading_of_patient")]
        constraints = [
            models.UniqueConstraint(
                fields=["patient", "article_version"], condition=Q(finished_at__isnull=True), name="article_given_once"
            ),
            models.CheckConstraint(
                condition=Q(finished_at__isnull=True) | Q(opened_at__isnull=False, finished_at__gte=F("opened_at")),
                name="article_opened_before_finished",
            ),
            models.CheckConstraint(
                condition=Q(helpful__isnull=True) | Q(finished_at__isnull=False), name="article_judged_when_finished"
            ),
            models.CheckConstraint(
                condition=Q(question_text="", asked_at__isnull=True)
                | (~Q(question_text="") & Q(asked_at__isnull=False)),
                name="article_question_with_its_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.article_version_id} for {self.patient_id}"
