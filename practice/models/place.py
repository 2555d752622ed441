"""Places: the practice itself, its locations with their time zones, and their rooms."""

from zoneinfo import ZoneInfo

import pghistory
from django.db import models
from django.utils.translation import gettext_lazy as _
from phonenumber_field.modelfields import PhoneNumberField

from practice.models.zone import ZoneField


@pghistory.track(pghistory.InsertEvent(), pghistory.UpdateEvent(), pghistory.DeleteEvent())
class Practice(models.Model):
    """The one practice this installation serves. ``short_name`` is neutral: messages show it to anyone who looks."""

    name = models.CharField(max_length=200)
    short_name = models.CharField(max_length=40)
    phone = PhoneNumberField()
    address = models.CharField(max_length=300)
    opening_hours = models.CharField(max_length=200)
    opens_at = models.TimeField(default="08:00")
    closes_at = models.TimeField(default="18:00")
    time_zone = ZoneField()
    leave_page_url = models.URLField(default="https://weather.gov")
    local_emergency_number = models.CharField(max_length=20, blank=True)
    local_crisis_line = models.CharField(max_length=200, blank=True)
    is_demo = models.BooleanField(default=False)  # fictional people only; see practice/founding.py

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(pk=1), name="practice_is_one")]

    def __str__(self) -> str:
        return self.name


@pghistory.track(pghistory.InsertEvent(), pghistory.UpdateEvent(), pghistory.DeleteEvent())
class Location(models.Model):
    """A place with doors. All its wall-clock times are in its own zone."""

    name = models.CharField(max_length=100)
    address = models.CharField(max_length=300)
    zone = ZoneField()
    is_open = models.BooleanField(default=True)

    def __str__(self) -> str:
        return self.name

    @property
    def zone_info(self) -> ZoneInfo:
        return ZoneInfo(self.zone)


@pghistory.track(pghistory.InsertEvent(), pghistory.UpdateEvent(), pghistory.DeleteEvent())
class Room(models.Model):
    location = models.ForeignKey(Location, models.PROTECT, related_name="rooms")
    name = models.CharField(max_length=60)
    step_free = models.BooleanField(_("step-free"), default=True)
    is_open = models.BooleanField(default=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["location", "name"], name="room_once_per_location")]

    def __str__(self) -> str:
        return self.name
