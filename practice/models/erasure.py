"""The certificate that a person's contact data were erased. Append-only, an id and a time, nothing about anybody."""

from django.db import models

from practice.models.audit import ClockTimestamp, CurrentXact, Xid8Field


class Erasure(models.Model):
    """Written by the database function ``practice_erase_prospect`` alone, in the transaction that erases.

    Consents of ``patient_id`` may be deleted in that transaction ``xact``, and never elsewhere.
    """

    patient_id = models.BigIntegerField(db_index=True)
    erased_at = models.DateTimeField(db_default=ClockTimestamp())
    xact = Xid8Field(db_default=CurrentXact())

    def __str__(self) -> str:
        return f"{self.patient_id} {self.erased_at:%Y-%m-%d}"
