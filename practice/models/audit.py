"""The audit trail: who saw, wrote, signed, signed in. Append-only, without foreign keys (architecture.md 8)."""

from django.contrib.postgres.functions import TransactionNow
from django.db import models
from django.db.models import Func

__all__ = ["AuditEvent", "AuditSeal"]


class Xid8Field(models.Field):
    """PostgreSQL's 64-bit transaction id; the sealer takes whole finished transactions by it."""

    def db_type(self, connection) -> str:
        return "xid8"

    def from_db_value(self, value, expression, connection) -> int | None:
        return None if value is None else int(value)

    def get_prep_value(self, value) -> str | None:
        return None if value is None else str(value)


class CurrentXact(Func):
    function = "pg_current_xact_id"
    template = "%(function)s()"
    output_field = Xid8Field()


class ClockTimestamp(TransactionNow):
    """The wall clock of the database: an audit time is never the application's word."""

    template = "CLOCK_TIMESTAMP()"


class Action(models.TextChoices):
    """The closed list of what is recorded."""

    VIEW = "view"
    CREATE = "create"
    CHANGE = "change"
    SIGN = "sign"
    ADDENDUM = "addendum"
    EXPORT = "export"
    PRINT = "print"
    SIGN_IN = "sign_in"
    SIGN_IN_FAILED = "sign_in_failed"
    SIGN_OUT = "sign_out"
    DENIED = "denied"
    BOOK = "book"
    MOVE = "move"
    CANCEL = "cancel"
    ATTENDANCE = "attendance"
    CONSENT = "consent"
    INVITE = "invite"
    ACCESS_CHANGE = "access_change"
    ALERT = "alert"
    ACKNOWLEDGE = "acknowledge"
    MESSAGE = "message"
    ERASE = "erase"


class AuditEvent(models.Model):
    """One fact. ``xact`` is the transaction that wrote it; the sealer uses it to take only finished transactions."""

    at = models.DateTimeField(db_default=ClockTimestamp())
    xact = Xid8Field(db_default=CurrentXact())
    actor_id = models.BigIntegerField(null=True)
    actor_roles = models.CharField(max_length=100, blank=True)
    action = models.CharField(max_length=20, choices=Action)
    object_type = models.CharField(max_length=60)
    object_id = models.CharField(max_length=40, blank=True)
    patient_id = models.BigIntegerField(null=True)
    request_id = models.CharField(max_length=36, blank=True)
    detail = models.JSONField(default=dict)

    class Meta:
        indexes = [
            models.Index(fields=["xact"], name="audit_by_transaction"),
            models.Index(fields=["patient_id", "at"], name="audit_of_patient"),
            models.Index(fields=["actor_id", "at"], name="audit_of_actor"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.object_type} {self.object_id}"


class AuditSeal(models.Model):
    """A hash over the rows of the transactions ``from_xact`` <= xact < ``until_xact``, chained to the seal before."""

    from_xact = Xid8Field()
    until_xact = Xid8Field()
    events = models.PositiveIntegerField()
    total_events = models.PositiveBigIntegerField()
    previous = models.BinaryField(max_length=32)
    digest = models.BinaryField(max_length=32)
    sealed_at = models.DateTimeField(db_default=ClockTimestamp())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["until_xact"], name="audit_seal_once")]

    def __str__(self) -> str:
        return f"seal {self.pk}"
