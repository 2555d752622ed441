"""Consents. Append-only: a withdrawal is a new row (clinical.md 3.4).

They live in practice, not in intake, because every message sent obeys them (docs/decisions/0003).
"""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from practice.models.people import Patient, User
from practice.models.zone import ZoneField


class ConsentType(models.TextChoices):
    TREATMENT = "TREATMENT", _("Treatment")
    TELEHEALTH = "TELEHEALTH", _("Video and phone sessions")
    NPP_ACK = "NPP_ACK", _("Privacy notice")
    EMAIL = "EMAIL", _("E-mail about appointments")
    SMS = "SMS", _("Text messages about appointments")
    VOICEMAIL = "VOICEMAIL", _("Voicemail")
    PORTAL_TERMS = "PORTAL_TERMS", _("Use of the portal")
    FINANCIAL = "FINANCIAL", _("Fees and missed sessions")
    SUPERVISION_DISCLOSURE = "SUPERVISION_DISCLOSURE", _("Care under supervision")


class Decision(models.TextChoices):
    GIVEN = "given", _("Given")
    REFUSED = "refused", _("Refused")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    EXPIRED = "expired", _("Expired")


class ConsentText(models.Model):
    """The exact words somebody agreed to; never edited, a new version is a new row."""

    type = models.CharField(max_length=30, choices=ConsentType)
    version = models.PositiveSmallIntegerField()
    language = models.CharField(max_length=10, default="en")
    title = models.CharField(max_length=200)
    body = models.TextField()
    sha256 = models.CharField(max_length=64)
    is_material = models.BooleanField(default=False)
    published_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["type", "language", "version"], name="consent_text_version_once"),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.version} {self.language}"


class ConsentRecordQuerySet(models.QuerySet["ConsentRecord"]):
    def latest_by_type(self, patient: Patient) -> "ConsentRecordQuerySet":
        """The newest row of each consent type of ``patient``; its decision is the one in force."""
        return self.filter(patient=patient).order_by("type", "-at", "-pk").distinct("type")


class ConsentRecord(models.Model):
    class Channel(models.TextChoices):
        WEB = "web", _("On this website")
        PAPER = "paper", _("On paper")
        VERBAL = "verbal", _("By word of mouth")

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="consents")
    type = models.CharField(max_length=30, choices=ConsentType)
    decision = models.CharField(max_length=10, choices=Decision)
    text = models.ForeignKey(ConsentText, models.PROTECT, null=True, blank=True, related_name="records")
    text_sha256 = models.CharField(max_length=64, blank=True)
    given_by = models.CharField(max_length=20, default="self")
    scope = models.JSONField(default=dict, blank=True)
    at = models.DateTimeField(default=timezone.now)
    zone = ZoneField()
    channel = models.CharField(max_length=10, choices=Channel, default=Channel.WEB)
    actor = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    ip = models.GenericIPAddressField(null=True, blank=True)
    user_agent = models.CharField(max_length=300, blank=True)
    signed_name = models.CharField(max_length=200, blank=True)

    objects = ConsentRecordQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["patient", "type", "-at"], name="consent_newest")]
        constraints = [
            models.CheckConstraint(
                condition=Q(text__isnull=True, text_sha256="") | (Q(text__isnull=False) & ~Q(text_sha256="")),
                name="consent_text_with_its_hash",
            )
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.decision}"
