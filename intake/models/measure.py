"""What people answered: one response per filling-in, one answer per item, every answer saved on its own."""

from __future__ import annotations

import pghistory
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from intake.definition import Definition
from intake.models.instrument import InstrumentVersion
from practice.models import Patient, User


class ResponseStatus(models.TextChoices):
    IN_PROGRESS = "in_progress", _("Not finished")
    COMPLETED = "completed", _("Finished")
    AMENDED = "amended", _("Corrected")
    ENTERED_IN_ERROR = "entered_in_error", _("Entered in error")


COUNTED = (ResponseStatus.COMPLETED, ResponseStatus.AMENDED)


class MeasureResponseQuerySet(models.QuerySet["MeasureResponse"]):
    def visible_to(self, user: User) -> MeasureResponseQuerySet:
        """The own responses of a patient, or those of people under a running care assignment; nobody else's."""
        return self.filter(patient__in=Patient.objects.visible_to(user))

    def counted(self) -> MeasureResponseQuerySet:
        """Those with a result: finished or corrected, and not entered in error."""
        return self.filter(status__in=COUNTED)

    def of(self, slug: str) -> MeasureResponseQuerySet:
        return self.filter(version__instrument__slug=slug)


@pghistory.track(pghistory.InsertEvent(), pghistory.UpdateEvent(), pghistory.DeleteEvent())
class MeasureResponse(models.Model):
    """One filling-in of one instrument version. Its score fields follow from the answers and may be made anew.

    ``compared`` is the integer that bands and changes look at (intake/scoring.py); ``score`` is the printed value.
    ``taken_at`` is when the person answered; for paper that lies before the entry. ``form_token`` is the paper form's
    own mark: the same form sent twice is one response.
    """

    class Source(models.TextChoices):
        PATIENT = "patient", _("By the patient here")
        PAPER = "paper", _("Entered from paper")

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="measures")
    version = models.ForeignKey(InstrumentVersion, models.PROTECT, related_name="responses")
    status = models.CharField(max_length=20, choices=ResponseStatus, default=ResponseStatus.IN_PROGRESS)
    source = models.CharField(max_length=10, choices=Source, default=Source.PATIENT)
    entered_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    form_token = models.UUIDField(null=True, blank=True, unique=True)
    started_at = models.DateTimeField(default=timezone.now)
    taken_at = models.DateTimeField(null=True, blank=True)
    completed_at = models.DateTimeField(null=True, blank=True)
    compared = models.SmallIntegerField(null=True, blank=True)
    score = models.DecimalField(max_digits=7, decimal_places=3, null=True, blank=True)
    band = models.CharField(max_length=40, blank=True)
    missing = models.PositiveSmallIntegerField(default=0)
    is_prorated = models.BooleanField(default=False)

    objects = MeasureResponseQuerySet.as_manager()

    class Meta:
        ordering = ["-taken_at", "-pk"]
        indexes = [models.Index(fields=["patient", "version", "-taken_at"], name="measure_of_patient")]
        constraints = [
            models.UniqueConstraint(
                fields=["patient", "version"],
                condition=Q(status="in_progress", source="patient"),
                name="measure_one_in_progress",
            ),
            models.CheckConstraint(
                condition=Q(status="in_progress", completed_at__isnull=True, compared__isnull=True)
                | Q(status="entered_in_error")
                | Q(status__in=COUNTED, completed_at__isnull=False, taken_at__isnull=False),
                name="measure_completed_at_when_completed",
            ),
            models.CheckConstraint(
                condition=Q(compared__isnull=True, score__isnull=True, band="")
                | Q(compared__isnull=False, score__isnull=False),
                name="measure_score_is_whole",
            ),
            models.CheckConstraint(
                condition=Q(completed_at__isnull=True) | Q(completed_at__gte=F("started_at")),
                name="measure_completed_after_start",
            ),
        ]

    def __str__(self) -> str:
        return f"response {self.pk}"

    @property
    def definition(self) -> Definition:
        return self.version.definition

    @property
    def is_open(self) -> bool:
        return self.status == ResponseStatus.IN_PROGRESS


@pghistory.track(pghistory.InsertEvent(), pghistory.UpdateEvent(), pghistory.DeleteEvent())
class Answer(models.Model):
    """One item answered, or skipped by "prefer not to answer". A correction changes the row; history keeps the old."""

    response = models.ForeignKey(MeasureResponse, models.CASCADE, related_name="answers")
    link_id = models.CharField(max_length=40)
    value = models.SmallIntegerField(null=True, blank=True)
    is_skipped = models.BooleanField(default=False)
    saved_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    saved_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["response", "link_id"], name="answer_once"),
            models.CheckConstraint(
                condition=Q(value__isnull=True, is_skipped=True) | Q(value__isnull=False, is_skipped=False),
                name="answer_given_or_skipped",
            ),
        ]

    def __str__(self) -> str:
        return f"answer {self.pk}"
