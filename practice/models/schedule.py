"""What can be booked and when: appointment types, weekly working hours, time off."""

from datetime import timedelta

import pghistory
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from practice.models.people import Therapist
from practice.models.place import Location


class Modality(models.TextChoices):
    IN_PERSON = "in_person", _("In person")
    VIDEO = "video", _("Video")
    PHONE = "phone", _("Phone")


@pghistory.track(pghistory.InsertEvent(), pghistory.UpdateEvent(), pghistory.DeleteEvent())
class AppointmentType(models.Model):
    """A kind of visit with its length and its rules. ``code`` is fixed; words and numbers are the practice's."""

    class Code(models.TextChoices):
        CONSULT_FREE = "CONSULT_FREE", _("Free talk")
        SESSION = "SESSION", _("Session")
        BOOSTER = "BOOSTER", _("Booster")
        FAMILY = "FAMILY", _("Joint session")

    code = models.CharField(max_length=20, choices=Code, unique=True)
    name = models.CharField(max_length=60)
    length = models.DurationField()
    buffer_before = models.DurationField(default=timedelta())
    buffer_after = models.DurationField(default=timedelta())
    slot_step = models.DurationField(default=timedelta(minutes=20))
    lead_time = models.DurationField(default=timedelta(hours=2))
    horizon = models.DurationField(default=timedelta(days=42))
    change_deadline = models.DurationField(default=timedelta(hours=24))
    modalities = ArrayField(models.CharField(max_length=10, choices=Modality.choices))
    is_public = models.BooleanField(default=False)
    for_patients = models.BooleanField(default=False)
    needs_room = models.BooleanField(default=True)
    price_cents = models.PositiveIntegerField(default=0)
    per_therapist_limit = models.PositiveSmallIntegerField(null=True, blank=True)
    per_person_limit = models.PositiveSmallIntegerField(null=True, blank=True)
    limit_days = models.PositiveSmallIntegerField(default=90)
    is_clinical = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(length__gt=timedelta(), buffer_before__gte=timedelta(), buffer_after__gte=timedelta()),
                name="appointment_type_lengths",
            )
        ]

    def __str__(self) -> str:
        return self.name


@pghistory.track(pghistory.InsertEvent(), pghistory.UpdateEvent(), pghistory.DeleteEvent())
class WorkingHours(models.Model):
    """A weekly stretch of wall-clock time at a location, valid from one date to another (both included).

    It is expanded date by date in the location's zone, never by adding hours in UTC (architecture.md 5).
    """

    therapist = models.ForeignKey(Therapist, models.CASCADE, related_name="hours")
    location = models.ForeignKey(Location, models.PROTECT, related_name="+")
    weekday = models.PositiveSmallIntegerField(help_text="0 is Monday")
    starts = models.TimeField()
    ends = models.TimeField()
    modalities = ArrayField(models.CharField(max_length=10, choices=Modality.choices))
    valid_from = models.DateField()
    valid_until = models.DateField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["therapist", "weekday"], name="hours_by_therapist")]
        constraints = [
            models.CheckConstraint(condition=Q(weekday__lte=6), name="hours_weekday"),
            models.CheckConstraint(condition=Q(ends__gt=F("starts")), name="hours_end_after_start"),
        ]

    def __str__(self) -> str:
        return f"{self.weekday} {self.starts:%H:%M}-{self.ends:%H:%M}"


@pghistory.track(pghistory.InsertEvent(), pghistory.UpdateEvent(), pghistory.DeleteEvent())
class TimeOff(models.Model):
    """A stretch in which a therapist offers nothing, or, without a therapist, a location is closed."""

    therapist = models.ForeignKey(Therapist, models.CASCADE, null=True, blank=True, related_name="time_off")
    location = models.ForeignKey(Location, models.CASCADE, null=True, blank=True, related_name="time_off")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    label = models.CharField(max_length=100, blank=True)

    class Meta:
        indexes = [models.Index(fields=["therapist", "starts_at"], name="time_off_by_therapist")]
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="time_off_ends_after_start"),
            models.CheckConstraint(
                condition=Q(therapist__isnull=False) | Q(location__isnull=False), name="time_off_of_somebody"
            ),
        ]

    def __str__(self) -> str:
        return self.label or f"{self.starts_at:%Y-%m-%d}"
