"""The outbox: planning and withdrawing messages, and the kinds of message there are (architecture.md 7).

A message is a row before it is a message. ``plan`` and ``withdraw`` only write rows, in the transaction of the deed
that causes them; practice/sending.py sends. Every app declares its kinds in a module ``messages.py``, found by its
name, as ``KINDS: dict[str, Kind]``; a kind knows how to find the row a message is about, whether it is still wanted,
and what its templates may print. Nothing clinical is ever among that.
"""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.functional import Promise

from practice import sealing
from practice.models import Message, Patient, Practice, User
from practice.models.message import Channel, MessageState

SEALED_FOR = "outbox"
WITHDRAWN = "withdrawn"


class NotWanted(Exception):
    """The message must not be sent any more; the text says why in a few neutral words and is kept in the row."""


Rows = Callable[[Iterable[int]], Mapping[int, Any]]
Check = Callable[[Message, Any], None]
Words = Callable[[Message, Any, Practice], dict[str, Any]]
Line = Callable[[Message, Any, Practice], str]
Invite = Callable[[Message, Any, Practice], tuple[bytes, str] | None]
Address = Callable[[Message, Any], str]


def own_address(message: Message, about: Any) -> str:
    """Where the recipient is reached today: the patient's or the account's e-mail address, the patient's number."""
    person = message.patient or message.user
    if person is None:
        return ""
    return person.email if message.channel == Channel.EMAIL else str(getattr(person, "phone", "") or "")


def always_wanted(message: Message, about: Any) -> None:
    """A kind that only its expiry can stop."""


@dataclass(frozen=True)
class Kind:
    """One kind of message and how everything about it is derived again at the moment of sending.

    ``rows(ids)``        the rows it is about, by id, in one query; a missing row means it is not wanted.
    ``still_wanted``     raises NotWanted where the world has moved on since planning.
    ``words``            what the e-mail templates ``templates/emails/<stem>-{subject,body}`` may print.
    ``line``             the text message, at most 160 characters of GSM-7; None where no text message exists.
    ``calendar``         an .ics file and its METHOD, or None.
    ``address``          the recipient's address, read now and not stored in the row.
    ``stem``             of the templates, where it is not the kind's name.
    ``needs_consent``    a patient must have consented to the channel (a code someone asked for needs none).
    ``keeps_window``     an e-mail of this kind waits for the hours in which the patient may be written to. A text
                         message always does: it can wake somebody.
    ``label``            what staff read, such as "Reminder".
    ``prefers``          the channel that is used where it is possible; a row of the other channel then stays unsent.
    ``is_sealed``        its words rest sealed in the row and are gone once it has ended.
    ``call_if_lost``     lost for good, or too late, it becomes a task for the front desk.
    ``only_managers``    that there was such a message is not for the front desk; managers deal with a failed one.
    """

    name: str
    rows: Rows
    words: Words
    still_wanted: Check = always_wanted
    line: Line | None = None
    calendar: Invite | None = None
    address: Address = own_address
    stem: str = ""
    needs_consent: bool = True
    keeps_window: bool = True
    prefers: Channel | None = None
    is_sealed: bool = False
    call_if_lost: bool = False
    only_managers: bool = False
    label: str | Promise = ""


@cache
def kinds() -> dict[str, Kind]:
    """Every kind of every app, by its name."""
    found: dict[str, Kind] = {}
    for config in apps.get_app_configs():
        name = f"{config.name}.messages"
        declared = getattr(import_module(name), "KINDS", {}) if find_spec(name) else {}
        assert not (twice := found.keys() & declared.keys()), f"{name} declares again: {', '.join(twice)}"
        found |= declared
    return found


def rows_of(queryset: Callable[[], models.QuerySet]) -> Rows:
    """``rows`` of a kind from a queryset, called at sending time."""
    return lambda ids: queryset().in_bulk(list(ids))


def new_message(
    *,
    kind: str,
    channel: Channel,
    about: models.Model,
    due_at: dt.datetime,
    patient: Patient | None = None,
    user: User | None = None,
    expires_at: dt.datetime | None = None,
    revision: int = 0,
    occurrence_start: dt.datetime | None = None,
    sealed_body: Mapping[str, str] | None = None,
) -> Message:
    """The row, not yet written."""
    row = uuid.uuid4()
    return Message(
        id=row,
        kind=kind,
        channel=channel,
        patient=patient,
        user=user,
        about_type=about._meta.label_lower,
        about_id=about.pk,
        occurrence_start=occurrence_start,
        revision=revision,
        due_at=due_at,
        next_attempt_at=due_at,
        expires_at=expires_at,
        sealed_body=None if sealed_body is None else seal_body(row, sealed_body),
        created_at=timezone.now(),
    )


def plan(
    *,
    kind: str,
    channel: Channel,
    about: models.Model,
    due_at: dt.datetime,
    patient: Patient | None = None,
    user: User | None = None,
    expires_at: dt.datetime | None = None,
    revision: int = 0,
    occurrence_start: dt.datetime | None = None,
    sealed_body: Mapping[str, str] | None = None,
) -> None:
    """Plan one message. Planning the same message twice plans it once, so a repeated request does no harm.

    Same means: same recipient, same row it is about, same ``occurrence_start``, kind, channel and ``revision``.
    ``sealed_body`` holds words that cannot be derived again, such as a sign-in code; it rests encrypted, is handed to
    the kind at sending, and is wiped as soon as the message has ended. Raises KeyError for a kind nobody declares.
    """
    kinds()[kind]
    write(
        [
            new_message(
                kind=kind,
                channel=channel,
                about=about,
                due_at=due_at,
                patient=patient,
                user=user,
                expires_at=expires_at,
                revision=revision,
                occurrence_start=occurrence_start,
                sealed_body=sealed_body,
            )
        ]
    )


def write(messages: Iterable[Message]) -> None:
    """Insert those that are not planned yet, in one statement for every thousand: one binds 65,535 values at most."""
    Message.objects.bulk_create(messages, batch_size=1_000, ignore_conflicts=True)


def withdraw(about: models.Model) -> None:
    """Take back whatever still waits about this row, in the transaction of the deed that makes it untrue.

    A row in a sender's hands is marked, not torn away, or a message that has left would stand here as withdrawn: the
    sender reads the mark in its last look before sending, and records what really happened.
    """
    waiting = Message.objects.about(about)
    waiting.filter(state=MessageState.CLAIMED).update(reason=WITHDRAWN)
    waiting.filter(state=MessageState.PLANNED).update(
        state=MessageState.WITHDRAWN, reason=WITHDRAWN, sealed_body=None, lease_token=None, lease_until=None
    )


def seal_body(row: uuid.UUID, words: Mapping[str, str]) -> bytes:
    return sealing.seal(json.dumps(dict(words)), secrets=settings.MESSAGE_KEYS, purpose=SEALED_FOR, row=row)


def open_body(message: Message) -> dict[str, str]:
    """The sealed words of a message; empty where it has none. Raises sealing.NotOpened."""
    if message.sealed_body is None:
        return {}
    return json.loads(
        sealing.unseal(bytes(message.sealed_body), secrets=settings.MESSAGE_KEYS, purpose=SEALED_FOR, row=message.pk)
    )
