"""Appointments: every hour a therapist sells is one row, whatever it is for (architecture.md 6).

The exclusion constraints are the proof against overlap; the advisory locks of practice/booking.py are the manners.
"""

import uuid

import pghistory
import pgtrigger
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeBoundary, RangeOperators
from django.db import models
from django.db.models import F, Func, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from practice.models.people import Patient, Therapist, User
from practice.models.place import Location, Room
from practice.models.schedule import AppointmentType, Modality
from practice.models.zone import ZoneField
from practice.roles import CLINICIANS, SCHEDULERS


class Status(models.TextChoices):
    """States of an appointment (clinical.md 4.6). Moving is not a state: it changes the row and its revision."""

    HELD = "held", _("Held")
    REQUESTED = "requested", _("Requested")
    BOOKED = "booked", _("Booked")
    CONFIRMED = "confirmed", _("Confirmed")
    ARRIVED = "arrived", _("Arrived")
    ATTENDED = "attended", _("Attended")
    NO_SHOW = "no_show", _("Did not come")
    CANCELLED_LATE = "cancelled_late", _("Cancelled late")
    CANCELLED_EARLY = "cancelled_early", _("Cancelled")
    CANCELLED_BY_PRACTICE = "cancelled_by_practice", _("Cancelled by the practice")
    EXPIRED = "expired", _("Expired")


LIVING = (
    Status.HELD,
    Status.REQUESTED,
    Status.BOOKED,
    Status.CONFIRMED,
    Status.ARRIVED,
    Status.ATTENDED,
    Status.NO_SHOW,
)
COMING = (Status.REQUESTED, Status.BOOKED, Status.CONFIRMED)
CANCELLED = (Status.CANCELLED_LATE, Status.CANCELLED_EARLY, Status.CANCELLED_BY_PRACTICE)


class TsTzRange(Func):
    function = "TSTZRANGE"
    output_field = DateTimeRangeField()


VISIT = TsTzRange("starts_at", "ends_at", RangeBoundary())


class AppointmentQuerySet(models.QuerySet["Appointment"]):
    def living(self) -> "AppointmentQuerySet":
        return self.filter(status__in=LIVING)

    def coming(self) -> "AppointmentQuerySet":
        return self.filter(status__in=COMING, ends_at__gt=timezone.now())

    def visible_to(self, user: User) -> "AppointmentQuerySet":
        """Schedulers see the whole schedule, clinicians their own calendar and their patients', patients their own."""
        if user.roles & SCHEDULERS:
            return self
        if user.roles & CLINICIANS:
            mine = Patient.objects.visible_to(user).values("pk")
            return self.filter(Q(therapist__user=user) | Q(patient__in=mine))
        return self.filter(patient__user=user).exclude(status=Status.HELD)


@pghistory.track(
    pghistory.InsertEvent(condition=pgtrigger.Q(new__status__df="held")),
    pghistory.UpdateEvent(condition=pgtrigger.Condition("OLD.* IS DISTINCT FROM NEW.* AND NEW.status <> 'held'")),
    pghistory.DeleteEvent(condition=pgtrigger.Q(old__status__df="held")),
    exclude=["hold_key", "hold_address", "held_until", "token", "token_body"],
)
class Appointment(models.Model):
    """One visit of one patient with one therapist.

    ``starts_at`` to ``ends_at`` is the visit, half open. ``guard`` adds the type's buffers and is written by ``book()``
    because PostgreSQL allows no interval arithmetic in a constraint's expression. ``uid`` is the calendar UID for the
    whole life of the row and ``revision`` its SEQUENCE, never lowered. The rows of a group visit share ``occasion``.
    """

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    occasion = models.UUIDField(default=uuid.uuid4)
    therapist = models.ForeignKey(Therapist, models.PROTECT, related_name="appointments")
    patient = models.ForeignKey(Patient, models.PROTECT, null=True, blank=True, related_name="appointments")
    location = models.ForeignKey(Location, models.PROTECT, related_name="appointments")
    room = models.ForeignKey(Room, models.PROTECT, null=True, blank=True, related_name="appointments")
    type = models.ForeignKey(AppointmentType, models.PROTECT, related_name="appointments")
    modality = models.CharField(max_length=10, choices=Modality)
    status = models.CharField(max_length=22, choices=Status)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    guard = DateTimeRangeField()
    zone = ZoneField()
    revision = models.PositiveIntegerField(default=0)
    price_cents = models.PositiveIntegerField(default=0)
    staff_note = models.CharField(max_length=300, blank=True)
    # A hold: a row of state "held" with an expiry, one per browser session.
    held_until = models.DateTimeField(null=True, blank=True)
    hold_key = models.CharField(max_length=64, blank=True)
    hold_address = models.CharField(max_length=64, blank=True)
    # Idempotency: the same token twice is one booking; another body under the same token is refused.
    token = models.UUIDField(null=True, blank=True, unique=True)
    token_body = models.BinaryField(max_length=32, null=True, blank=True)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    arrived_at = models.DateTimeField(null=True, blank=True)
    late_minutes = models.PositiveSmallIntegerField(default=0)
    # Under 16 minutes, as the desk marked it or the therapist said of it later: it takes no session number.
    attended_short = models.BooleanField(default=False)
    cancelled_at = models.DateTimeField(null=True, blank=True)
    cancel_reason = models.CharField(max_length=200, blank=True)
    booked_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    objects = AppointmentQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["therapist", "starts_at"], name="appointment_of_therapist"),
            models.Index(fields=["patient", "starts_at"], name="appointment_of_patient"),
            models.Index(fields=["starts_at"], name="appointment_by_start"),
            models.Index(fields=["hold_key"], condition=Q(status="held"), name="appointment_hold"),
            models.Index(fields=["held_until"], condition=Q(status="held"), name="appointment_hold_expiry"),
        ]
        constraints = [
            ExclusionConstraint(
                name="therapist_is_free",
                expressions=[
                    ("therapist", RangeOperators.EQUAL),
                    ("guard", RangeOperators.OVERLAPS),
                    ("occasion", RangeOperators.NOT_EQUAL),
                ],
                condition=Q(status__in=LIVING),
                violation_error_code="slot_taken",
            ),
            ExclusionConstraint(
                name="room_is_free",
                expressions=[
                    ("room", RangeOperators.EQUAL),
                    ("guard", RangeOperators.OVERLAPS),
                    ("occasion", RangeOperators.NOT_EQUAL),
                ],
                condition=Q(status__in=LIVING),
                violation_error_code="slot_taken",
            ),
            ExclusionConstraint(
                name="patient_is_free",
                expressions=[("patient", RangeOperators.EQUAL), (VISIT, RangeOperators.OVERLAPS)],
                condition=Q(status__in=LIVING),
                violation_error_code="slot_taken",
            ),
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="appointment_ends_after_start"),
            models.CheckConstraint(condition=Q(guard__contains=VISIT), name="appointment_guard_covers_visit"),
            models.CheckConstraint(
                condition=Q(status="held", held_until__isnull=False) | (~Q(status="held") & Q(held_until__isnull=True)),
                name="appointment_held_has_expiry",
            ),
            models.CheckConstraint(
                condition=Q(status="held") | Q(status="expired") | Q(patient__isnull=False),
                name="appointment_has_patient",
            ),
            models.CheckConstraint(
                condition=Q(status__in=CANCELLED, cancelled_at__isnull=False)
                | (~Q(status__in=CANCELLED) & Q(cancelled_at__isnull=True)),
                name="appointment_cancelled_has_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.starts_at:%Y-%m-%d %H:%M} {self.status}"

    @property
    def is_coming(self) -> bool:
        return self.status in COMING and self.ends_at > timezone.now()

    @property
    def change_until(self):
        """The last moment at which the patient may move or cancel without the phone."""
        return self.starts_at - self.type.change_deadline


class ManageLink(models.Model):
    """The private link of an appointment: 128 bits that act without sign-in until the visit is over.

    Only the hash is stored beside a random seed; the token is an HMAC of the seed under the server's key, so that a
    reminder can print the same link again while a copy of the database alone opens nothing.
    """

    appointment = models.OneToOneField(Appointment, models.CASCADE, related_name="manage_link")
    seed = models.BinaryField(max_length=16)
    token_hash = models.BinaryField(max_length=32, unique=True)
    created_at = models.DateTimeField(default=timezone.now)
    revoked_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"link of appointment {self.appointment_id}"
