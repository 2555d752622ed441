"""The progress note: a draft that saves itself, then a signed document that nothing changes (clinical.md 5.1-5.3).

Triggers of the migration refuse every change of a signed note and of its parts; corrections are addenda beside it.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from education.models import ArticleAssignment
from practice.models import Appointment, Patient, User
from practice.roles import CLINICIANS
from sessions.models.course import TherapySession


class ProgressNoteQuerySet(models.QuerySet["ProgressNote"]):
    def visible_to(self, user: User) -> ProgressNoteQuerySet:
        """Clinicians read the notes of their patients, drafts included; a patient the own signed ones."""
        found = self.filter(patient__in=Patient.objects.visible_to(user))
        return found if user.roles & CLINICIANS else found.filter(signed_at__isnull=False)

    def drafts(self) -> ProgressNoteQuerySet:
        return self.filter(signed_at__isnull=True)

    def signed(self) -> ProgressNoteQuerySet:
        return self.filter(signed_at__isnull=False)


class ProgressNote(models.Model):
    """One note for one appointment, written by one author.

    ``content`` is what was typed, by field of sessions/note_fields.py, every character as typed. With the signature
    ``document`` holds the whole signed text, header, copied measures, homework and reading included; ``sha256`` is
    taken over its canonical JSON together with the facts of the signature. Notes have no history table: drafts keep
    short-lived versions, signed notes never change.
    """

    class Kind(models.TextChoices):
        SESSION = "session", _("Session note")
        SHORT = "short", _("Contact note")
        MISSED = "missed", _("Contact note after a missed visit")

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        SIGNED = "signed", _("Signed")

    appointment = models.OneToOneField(Appointment, models.PROTECT, related_name="progress_note")
    session = models.OneToOneField(TherapySession, models.PROTECT, null=True, blank=True, related_name="note")
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="progress_notes")
    author = models.ForeignKey(User, models.PROTECT, related_name="progress_notes")
    kind = models.CharField(max_length=8, choices=Kind, default=Kind.SESSION)
    state = models.CharField(max_length=8, choices=State, default=State.DRAFT)
    version = models.PositiveIntegerField(default=0)
    content = models.JSONField(default=dict, blank=True)
    # The most urgent tier at which this note's risk check was put before the responders.
    risk_told = models.CharField(max_length=2, blank=True)
    started_at = models.DateTimeField(default=timezone.now)
    saved_at = models.DateTimeField(null=True, blank=True)
    signed_at = models.DateTimeField(null=True, blank=True)
    signed_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    credentials = models.CharField(max_length=200, blank=True)
    licence_number = models.CharField(max_length=50, blank=True)
    template_version = models.PositiveSmallIntegerField(null=True, blank=True)
    is_late_entry = models.BooleanField(default=False)
    document = models.JSONField(null=True, blank=True)
    sha256 = models.CharField(max_length=64, blank=True)

    objects = ProgressNoteQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["patient", "-started_at"], name="note_of_patient"),
            models.Index(fields=["author"], condition=Q(signed_at__isnull=True), name="note_drafts_of_author"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    state="draft",
                    signed_at__isnull=True,
                    signed_by__isnull=True,
                    document__isnull=True,
                    template_version__isnull=True,
                    sha256="",
                )
                | (
                    Q(
                        state="signed",
                        signed_at__isnull=False,
                        signed_by__isnull=False,
                        document__isnull=False,
                        template_version__isnull=False,
                    )
                    & ~Q(sha256="")
                ),
                name="note_signed_with_everything",
            ),
        ]

    def __str__(self) -> str:
        return f"note {self.pk}"

    @property
    def is_signed(self) -> bool:
        return self.signed_at is not None


class NoteDraftVersion(models.Model):
    """One saved state of a draft. They are short-lived: the newest are kept, and none after the signature.

    ``is_clash`` marks text that came from a window which did not know the newest version; it waits until the author has
    compared both. ``window`` is the random sign of the browser tab that sent it, and ``turn`` counts what that tab
    sent; 0 where the page ran no script.
    """

    note = models.ForeignKey(ProgressNote, models.CASCADE, related_name="draft_versions")
    version = models.PositiveIntegerField()
    content = models.JSONField()
    window = models.CharField(max_length=40, blank=True)
    turn = models.PositiveIntegerField(default=0, db_default=0)
    is_clash = models.BooleanField(default=False)
    saved_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["note", "version"], condition=Q(is_clash=False), name="note_draft_version_once"
            ),
            models.UniqueConstraint(
                fields=["note", "window"], condition=Q(is_clash=True), name="note_clash_once_per_window"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.note_id} version {self.version}"


class NoteIntervention(models.Model):
    """One coded intervention of a note (clinical.md 5.2), written with the signature."""

    note = models.ForeignKey(ProgressNote, models.PROTECT, related_name="interventions")
    code = models.CharField(max_length=20)
    minutes = models.PositiveSmallIntegerField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["note", "code"], name="note_intervention_once")]

    def __str__(self) -> str:
        return f"{self.note_id} {self.code}"


class NoteArticle(models.Model):
    """That an article was given with a note. The assignment itself belongs to education."""

    note = models.ForeignKey(ProgressNote, models.PROTECT, related_name="articles")
    assignment = models.OneToOneField(ArticleAssignment, models.PROTECT, related_name="note_article")

    def __str__(self) -> str:
        return f"{self.note_id} {self.assignment_id}"


class Addendum(models.Model):
    """A signed addition to a signed note; written once, never changed."""

    class Reason(models.TextChoices):
        CORRECTION = "correction", _("Correction")
        LATE_INFORMATION = "late_information", _("Late information")
        PATIENT_AMENDMENT_REQUEST = "patient_amendment_request", _("Asked for by the patient")
        OTHER = "other", _("Another reason")

    note = models.ForeignKey(ProgressNote, models.PROTECT, related_name="addenda")
    author = models.ForeignKey(User, models.PROTECT, related_name="+")
    reason = models.CharField(max_length=30, choices=Reason)
    text = models.TextField()
    signed_at = models.DateTimeField(default=timezone.now)
    credentials = models.CharField(max_length=200, blank=True)
    licence_number = models.CharField(max_length=50, blank=True)
    sha256 = models.CharField(max_length=64)
    # From the form that was sent: pressed twice, it signs once.
    token = models.UUIDField(null=True, blank=True, unique=True, editable=False)

    class Meta:
        ordering = ["signed_at", "pk"]
        verbose_name_plural = "addenda"

    def __str__(self) -> str:
        return f"addendum {self.pk}"
