"""What the front desk does with a message that failed for good: send it again, or settle it by telephone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Max
from django.utils import timezone
from django.utils.functional import Promise

from practice import audit
from practice.action import action
from practice.models import Appointment, Message, User
from practice.models.message import MessageState
from practice.outbox import NotWanted, kinds
from practice.reason_words import in_words

SENT_AGAIN = "sent again"
SETTLED = "settled by telephone"


@dataclass(frozen=True)
class Task:
    """A failed message as the front desk sees it: what it was, why it failed, and the visit if it is about one."""

    message: Message
    label: str | Promise
    why: str
    visit: Appointment | None
    can_resend: bool


def tasks(messages: Iterable[Message]) -> list[Task]:
    """One task for each message, in the same order; one query for all appointments."""
    messages = list(messages)
    ids = {message.about_id for message in messages if message.about_type == Appointment._meta.label_lower}
    visits = Appointment.objects.in_bulk(ids)
    found = []
    for message in messages:
        kind = kinds().get(message.kind)
        visit = visits.get(message.about_id) if message.about_type == Appointment._meta.label_lower else None
        sealed = kind is None or kind.is_sealed
        label, why = kind.label if kind else message.kind, in_words(message.reason)
        found.append(Task(message, label, why, visit, can_resend=not sealed))
    return found


class AlreadyDealtWith(Exception):
    """Somebody else has sent it again or settled it meanwhile."""


@action
def resend(*, by: User, message: Message) -> Message:
    """Plan the message once more as a new row, its copy number one higher, due now; the failed row is closed.

    Raises AlreadyDealtWith, and NotWanted where it would not be sent anyway: the appointment has changed since, or
    its words are gone and cannot be derived again.
    """
    message = failed_and_locked(message)
    must_be_wanted(message)
    same = {name: getattr(message, name) for name in SAME}
    copy = Message.objects.filter(**same).aggregate(last=Max("copy"))["last"] + 1
    now = timezone.now()
    again = Message.objects.create(**same, copy=copy, due_at=now, next_attempt_at=now)
    close(message, SENT_AGAIN)
    audit.record(by=by, action=audit.Action.MESSAGE, obj=again, patient=message.patient_id, detail={"did": "resend"})
    return again


@action
def settle(*, by: User, message: Message) -> Message:
    """Close a failed message whose news has reached the person otherwise. Raises AlreadyDealtWith."""
    message = failed_and_locked(message)
    close(message, SETTLED)
    audit.record(by=by, action=audit.Action.MESSAGE, obj=message, patient=message.patient_id, detail={"did": "settle"})
    return message


SAME = ("patient_id", "user_id", "about_type", "about_id", "occurrence_start", "kind", "channel", "revision")


def failed_and_locked(message: Message) -> Message:
    message = Message.objects.select_for_update().get(pk=message.pk)
    if message.state != MessageState.FAILED:
        raise AlreadyDealtWith
    return message


def must_be_wanted(message: Message) -> None:
    """Raises NotWanted where sending it again cannot succeed."""
    kind = kinds().get(message.kind)
    about = kind.rows([message.about_id]).get(message.about_id) if kind else None
    if kind is None or about is None:
        raise NotWanted("what it was about is gone")
    if kind.is_sealed:
        raise NotWanted("its words were for one time only")
    kind.still_wanted(message, about)


def close(message: Message, reason: str) -> None:
    message.state, message.reason = MessageState.WITHDRAWN, reason
    message.save(update_fields=["state", "reason"])
