"""Instruments are data: a questionnaire and its fixed versions (clinical.md 2.5)."""

from __future__ import annotations

from functools import cached_property

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from intake.definition import Definition, parse
from practice.models import User

READ: dict[str, Definition] = {}


class Instrument(models.Model):
    """A questionnaire, whatever its version. ``title`` is the short name clinicians know."""

    slug = models.SlugField(max_length=40, unique=True)
    title = models.CharField(max_length=100)

    class Meta:
        ordering = ["slug"]

    def __str__(self) -> str:
        return self.title


class LicenceStatus(models.TextChoices):
    FREE_REDISTRIBUTION = "free_redistribution", _("Free to redistribute")
    PUBLIC_DOMAIN = "public_domain", _("Public domain")
    PRACTICE_LICENSED = "practice_licensed", _("Licensed by the practice")
    PERMISSION_LETTER = "permission_letter", _("By letter of permission")
    UNKNOWN = "unknown", _("Unknown")


class InstrumentVersionQuerySet(models.QuerySet["InstrumentVersion"]):
    def active(self) -> InstrumentVersionQuerySet:
        return self.filter(is_active=True).select_related("instrument").order_by("instrument__slug")


class InstrumentVersion(models.Model):
    """The exact words and rules of one edition. Once a response names it, a trigger refuses any change of them."""

    instrument = models.ForeignKey(Instrument, models.PROTECT, related_name="versions")
    version = models.CharField(max_length=20)
    language = models.CharField(max_length=10, default="en-US")
    body = models.JSONField()
    checksum = models.CharField(max_length=64)
    licence_status = models.CharField(max_length=20, choices=LicenceStatus)
    is_active = models.BooleanField(default=False)
    activated_at = models.DateTimeField(null=True, blank=True)
    activated_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    objects = InstrumentVersionQuerySet.as_manager()

    class Meta:
        ordering = ["instrument__slug", "language", "version"]
        constraints = [
            models.UniqueConstraint(fields=["instrument", "language", "version"], name="instrument_version_once"),
            models.UniqueConstraint(
                fields=["instrument", "language"], condition=Q(is_active=True), name="instrument_one_active_version"
            ),
            models.CheckConstraint(
                condition=Q(is_active=False) | ~Q(licence_status="unknown"), name="instrument_active_with_licence"
            ),
            models.CheckConstraint(
                condition=Q(is_active=False) | Q(activated_at__isnull=False), name="instrument_active_since"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.instrument_id} {self.version} {self.language}"

    @cached_property
    def definition(self) -> Definition:
        """The edition as the rules read it; read once per process, since the same checksum is the same text."""
        if self.checksum not in READ:
            READ[self.checksum] = parse(self.body)
        return READ[self.checksum]
