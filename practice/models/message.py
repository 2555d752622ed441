"""The outbox: a message is a row before it is a message (architecture.md 7), and the heartbeats of those who send."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from practice.models.people import Patient, User
from practice.roles import SCHEDULERS


class Channel(models.TextChoices):
    EMAIL = "email", _("E-mail")
    SMS = "sms", _("Text message")


class MessageState(models.TextChoices):
    PLANNED = "planned", _("Planned")
    CLAIMED = "claimed", _("Being sent")
    SENT = "sent", _("Sent")
    SKIPPED = "skipped", _("Not sent")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    FAILED = "failed", _("Failed for good")


WAITING = (MessageState.PLANNED, MessageState.CLAIMED)


class MessageQuerySet(models.QuerySet["Message"]):
    def visible_to(self, user: User) -> "MessageQuerySet":
        """Those who keep the schedule see what was sent about it; everybody else has it in the own mailbox."""
        return self if user.roles & SCHEDULERS else self.none()

    def about(self, row: models.Model) -> "MessageQuerySet":
        return self.filter(about_type=row._meta.label_lower, about_id=row.pk)

    def failed(self) -> "MessageQuerySet":
        """Lost for good and not yet dealt with: tasks for the front desk."""
        return self.filter(state=MessageState.FAILED)


class Message(models.Model):
    """One thing to send to one person by one channel. ``id`` is the provider's idempotency key and never changes.

    The body is derived when it is sent; only what cannot be derived again (a sign-in code) rests here, encrypted, and
    is wiped when sent. ``about_type``/``about_id`` name the row it is about without a foreign key.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=40)
    channel = models.CharField(max_length=5, choices=Channel)
    patient = models.ForeignKey(Patient, models.CASCADE, null=True, blank=True, related_name="messages")
    user = models.ForeignKey(User, models.CASCADE, null=True, blank=True, related_name="messages")
    about_type = models.CharField(max_length=40)
    about_id = models.BigIntegerField()
    occurrence_start = models.DateTimeField(null=True, blank=True)
    revision = models.PositiveIntegerField(default=0)
    copy = models.PositiveSmallIntegerField(default=0)
    state = models.CharField(max_length=10, choices=MessageState, default=MessageState.PLANNED)
    due_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True)
    next_attempt_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    lease_token = models.UUIDField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    provider_id = models.CharField(max_length=200, blank=True)
    reason = models.CharField(max_length=200, blank=True)
    sealed_body = models.BinaryField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    objects = MessageQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["next_attempt_at"], condition=Q(state__in=WAITING), name="message_due"),
            models.Index(fields=["about_type", "about_id"], name="message_about"),
            models.Index(fields=["-created_at"], condition=Q(state="failed"), name="message_failed"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=[
                    "patient",
                    "user",
                    "about_type",
                    "about_id",
                    "occurrence_start",
                    "kind",
                    "channel",
                    "revision",
                    "copy",
                ],
                nulls_distinct=False,
                name="message_once",
            ),
            models.CheckConstraint(
                condition=Q(state="sent", sent_at__isnull=False) | (~Q(state="sent") & Q(sent_at__isnull=True)),
                name="message_sent_has_time",
            ),
            models.CheckConstraint(
                condition=Q(lease_token__isnull=True, lease_until__isnull=True)
                | Q(lease_token__isnull=False, lease_until__isnull=False),
                name="message_lease_is_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.channel} {self.state}"


class Heartbeat(models.Model):
    """When a part of the machinery last did its work; written by the work itself, not by a timer beside it."""

    name = models.CharField(max_length=20, primary_key=True)
    beat_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
