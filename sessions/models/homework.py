"""Homework as plain lines: given with one note, looked at again in a later one (clinical.md 5.1)."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from practice.models import Patient
from sessions.models.course import OfPatientQuerySet
from sessions.models.note import ProgressNote


class HomeworkLine(models.Model):
    """What the patient takes home. It is written when its note is signed, and fixed with it."""

    note = models.ForeignKey(ProgressNote, models.PROTECT, related_name="homework")
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="homework")
    position = models.PositiveSmallIntegerField()
    text = models.CharField(_("what"), max_length=300)
    how_often = models.CharField(_("how often"), max_length=100, blank=True)

    objects = OfPatientQuerySet.as_manager()

    class Meta:
        ordering = ["note", "position"]
        constraints = [models.UniqueConstraint(fields=["note", "position"], name="homework_position_once")]

    def __str__(self) -> str:
        return f"homework {self.pk}"


class HomeworkReview(models.Model):
    """What became of a line, as a later note says it."""

    class Outcome(models.TextChoices):
        DONE = "done", _("Done")
        PARTLY = "partly", _("Partly")
        NOT = "not", _("Not this time")
        NOT_REVIEWED = "not_reviewed", _("Not looked at")

    note = models.ForeignKey(ProgressNote, models.PROTECT, related_name="homework_reviews")
    line = models.ForeignKey(HomeworkLine, models.PROTECT, related_name="reviews")
    outcome = models.CharField(max_length=12, choices=Outcome)
    obstacle = models.CharField(_("what got in the way"), max_length=300, blank=True)
    learning = models.CharField(_("what was learned"), max_length=300, blank=True)

    class Meta:
        ordering = ["line"]
        constraints = [models.UniqueConstraint(fields=["note", "line"], name="homework_reviewed_once_per_note")]

    def __str__(self) -> str:
        return f"{self.line_id} {self.outcome}"
