"""Registration: who the person is and how to reach them (clinical.md 3.2 sections 1-3).

Names, date of birth, telephone and time zone are facts of the practice's own Patient; the rest stands here.
"""

from __future__ import annotations

import pghistory
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from phonenumber_field.modelfields import PhoneNumberField

from practice.models import Patient, User
from practice.roles import SCHEDULERS


class VisibleWithPatient(models.QuerySet):
    def visible_to(self, user: User):
        """Contact data go with the schedule: the person, the clinicians in charge, and those who keep the schedule."""
        if user.roles & SCHEDULERS:
            return self
        return self.filter(patient__in=Patient.objects.visible_to(user))


@pghistory.track(pghistory.InsertEvent(), pghistory.UpdateEvent(), pghistory.DeleteEvent())
class Registration(models.Model):
    """What a person told us at registration, step by step; ``done`` names the steps that are saved."""

    class SexRecorded(models.TextChoices):
        FEMALE = "female", _("Female")
        MALE = "male", _("Male")
        X = "x", _("X")
        UNKNOWN = "unknown", _("Not known")

    class Prefers(models.TextChoices):
        EMAIL = "email", _("E-mail")
        SMS = "sms", _("Text message")
        PHONE = "phone", _("Phone call")

    class AccessNeed(models.TextChoices):
        LARGE_TEXT = "large_text", _("Large text")
        BREAKS = "breaks", _("Rest breaks")
        STANDING = "standing", _("Room to stand and move")
        CAPTIONS = "captions", _("Captions")
        SHORT_SITTING = "short_sitting", _("No long sitting")
        STEP_FREE = "step_free", _("Step-free way in")

    patient = models.OneToOneField(Patient, models.PROTECT, related_name="registration")
    sex_recorded = models.CharField(_("sex recorded by your insurer"), max_length=10, choices=SexRecorded, blank=True)
    gender = models.CharField(_("gender"), max_length=100, blank=True)
    street = models.CharField(_("street and number"), max_length=200, blank=True)
    city = models.CharField(_("town or city"), max_length=100, blank=True)
    state = models.CharField(_("state or region"), max_length=100, blank=True)
    postal_code = models.CharField(_("ZIP or postal code"), max_length=20, blank=True)
    country = models.CharField(_("country"), max_length=2, default="US")
    language = models.CharField(_("language you speak best"), max_length=10, default="en")
    needs_interpreter = models.BooleanField(_("interpreter"), null=True, blank=True)
    access_needs = ArrayField(models.CharField(max_length=20, choices=AccessNeed), default=list, blank=True)
    prefers = models.CharField(_("best way to reach you"), max_length=10, choices=Prefers, blank=True)
    contact_notes = models.CharField(_("anything we should know before we call"), max_length=300, blank=True)
    session_place = models.CharField(_("where you usually are during sessions"), max_length=300, blank=True)
    done = ArrayField(models.CharField(max_length=20), default=list, blank=True)
    started_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)
    identity_checked_how = models.CharField(max_length=100, blank=True)
    identity_checked_at = models.DateTimeField(null=True, blank=True)

    objects = VisibleWithPatient.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(identity_checked_how="", identity_checked_at__isnull=True)
                | ~Q(identity_checked_how="") & Q(identity_checked_at__isnull=False),
                name="registration_identity_checked_how_and_when",
            )
        ]

    def __str__(self) -> str:
        return f"registration of {self.patient_id}"


@pghistory.track(pghistory.InsertEvent(), pghistory.UpdateEvent(), pghistory.DeleteEvent())
class EmergencyContact(models.Model):
    """Whom a clinician may call in an emergency, or the reason why there is nobody. The software never calls them."""

    class MayCall(models.TextChoices):
        EMERGENCY = "emergency", _("In an emergency only")
        MISSED = "missed", _("Also when I miss a session")

    patient = models.OneToOneField(Patient, models.PROTECT, related_name="emergency_contact")
    name = models.CharField(_("name"), max_length=200, blank=True)
    relationship = models.CharField(_("who they are to you"), max_length=100, blank=True)
    phone = PhoneNumberField(_("phone"), blank=True)
    knows = models.BooleanField(_("may know that I am a patient here"), null=True, blank=True)
    may_call = models.CharField(_("when we may call"), max_length=10, choices=MayCall, blank=True)
    none_because = models.CharField(_("why there is nobody"), max_length=300, blank=True)
    saved_at = models.DateTimeField(default=timezone.now)

    objects = VisibleWithPatient.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(name="", phone="", relationship="", may_call="", knows__isnull=True) & ~Q(none_because="")
                | ~Q(name="")
                & ~Q(phone="")
                & ~Q(relationship="")
                & ~Q(may_call="")
                & Q(knows__isnull=False, none_because=""),
                name="emergency_contact_or_reason",
            )
        ]

    def __str__(self) -> str:
        return f"emergency contact of {self.patient_id}"
