"""The last look before sending: is it still wanted, may it go to this person, by this channel, at this hour?

Planning was long ago; only what is true now counts. One look reads everything that the next few letters need, in a few
queries, and is good for a tenth of a second.
"""

from __future__ import annotations

import datetime as dt
import time
import uuid
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.template.loader import render_to_string

from practice import gateways, sending_window
from practice.letter import Letter
from practice.models import ConsentRecord, Message, Practice
from practice.models.consent import Decision
from practice.models.message import Channel, MessageState
from practice.outbox import WITHDRAWN, Kind, NotWanted, kinds

GOOD_FOR = 0.1  # seconds
OUTSIDE_HOURS = "outside the hours"
# The ceiling for automatic text messages (clinical.md 10.3).
TEXTS_PER_DAY, TEXTS_PER_WEEK = 1, 3
DAY, WEEK = dt.timedelta(days=1), dt.timedelta(days=7)


class NotYet(Exception):
    """It must wait for an hour at which this person may be written to."""

    def __init__(self, until: dt.datetime) -> None:
        super().__init__(OUTSIDE_HOURS)
        self.until = until


class Lost(Exception):
    """It is still wanted and can no longer be sent: somebody may have to call."""


class Look:
    """What is true, at ``now``, of a few messages that are still ours."""

    def __init__(self, ids: Iterable[uuid.UUID], *, token: uuid.UUID, now: dt.datetime) -> None:
        self.now = now
        self.stale_at = time.monotonic() + GOOD_FOR
        self.ids = frozenset(ids)
        mine = Message.objects.filter(pk__in=self.ids, lease_token=token, state=MessageState.CLAIMED)
        self.messages = {message.pk: message for message in mine.select_related("patient", "user")}
        self.practice = Practice.objects.first() or Practice(name="Evenkeel", short_name="Evenkeel")
        self.abouts = self.read_abouts()
        patients = {message.patient_id for message in self.messages.values() if message.patient_id}
        self.given = self.read_consents(patients)
        self.texts = self.read_texts(patients)

    def covers(self, message_id: uuid.UUID) -> bool:
        """Whether this look was at that message, and just now."""
        return message_id in self.ids and time.monotonic() < self.stale_at

    def read_abouts(self) -> dict[tuple[str, int], Any]:
        """The rows the messages are about, one query for each kind of row."""
        wanted: dict[Any, set[tuple[str, int]]] = defaultdict(set)
        for message in self.messages.values():
            if message.kind in kinds():
                wanted[kinds()[message.kind].rows].add((message.about_type, message.about_id))
        found: dict[tuple[str, int], Any] = {}
        for rows, keys in wanted.items():
            by_id = rows({about_id for _type, about_id in keys})
            found |= {key: by_id[key[1]] for key in keys if key[1] in by_id}
        return found

    def read_consents(self, patients: set[int]) -> set[tuple[int, str]]:
        """(patient, channel) whose newest decision is yes."""
        types = {channel.name: channel.value for channel in Channel}
        newest = (
            ConsentRecord.objects.filter(patient__in=patients, type__in=types)
            .order_by("patient", "type", "-at", "-pk")
            .distinct("patient", "type")
            .values_list("patient", "type", "decision")
        )
        return {(patient, types[type_]) for patient, type_, decision in newest if decision == Decision.GIVEN}

    def read_texts(self, patients: set[int]) -> dict[int, list[tuple[dt.datetime, tuple]]]:
        """The text messages of the last week, by patient: when, and which."""
        concerns_texts = any(
            message.channel == Channel.SMS or prefers_texts(message) for message in self.messages.values()
        )
        found: dict[int, list[tuple[dt.datetime, tuple]]] = defaultdict(list)
        if concerns_texts:
            sent = Message.objects.filter(
                patient__in=patients, channel=Channel.SMS, state=MessageState.SENT, sent_at__gt=self.now - WEEK
            )
            for text in sent:
                self.note_text(text, text.sent_at, found)
        return found

    def note_text(self, message: Message, at: dt.datetime, into: dict | None = None) -> None:
        """Count a text message that has just left, too: the next letter of this batch may be to the same person."""
        (self.texts if into is None else into)[message.patient_id].append((at, same_news(message)))

    def letter(self, message: Message) -> Letter:
        """The message written out. Raises NotWanted, NotYet or Lost; any other error is ours."""
        kind = kinds().get(message.kind)
        about = self.abouts.get((message.about_type, message.about_id))
        if message.reason == WITHDRAWN:
            raise NotWanted(WITHDRAWN)
        if kind is None or about is None:
            raise NotWanted("what it was about is gone")
        kind.still_wanted(message, about)
        opening = self.opening(message, kind)
        too_late = message.expires_at is not None and opening >= message.expires_at
        if opening > self.now and not too_late:
            raise NotYet(opening)
        self.may_go(message, kind)
        to = kind.address(message, about)
        if not to:
            raise NotWanted("no address")
        if too_late:
            raise Lost("too late")
        return write(message, kind, about, self.practice, to)

    def opening(self, message: Message, kind: Kind) -> dt.datetime:
        """When it may go: now, or at the next opening of the patient's hours. A text message always keeps them."""
        if message.patient is None or not (kind.keeps_window or message.channel == Channel.SMS):
            return self.now
        return sending_window.next_opening(message.patient, self.now)

    def may_go(self, message: Message, kind: Kind) -> None:
        """Consent, the channel's ceiling, and one channel for one piece of news. Raises NotWanted or Lost."""
        if not gateways.offers(message.channel):
            raise NotWanted("channel not offered")
        if message.patient_id is None or not kind.needs_consent:
            return
        if (message.patient_id, message.channel) not in self.given:
            raise NotWanted("no consent")
        other = Channel.SMS if message.channel == Channel.EMAIL else Channel.EMAIL
        if kind.prefers == other and (self.went_as_text(message) or self.is_open(message, kind, other)):
            raise NotWanted("goes by the other channel")
        if message.channel == Channel.SMS and self.at_ceiling(message.patient_id):
            if self.is_open(message, kind, Channel.EMAIL):
                raise NotWanted("goes by the other channel")
            raise Lost("text message limit")

    def is_open(self, message: Message, kind: Kind, channel: Channel) -> bool:
        """Whether the same news can go to this patient by ``channel`` now."""
        patient = message.patient
        if (patient.pk, channel) not in self.given or not gateways.offers(channel):
            return False
        if channel == Channel.SMS:
            return bool(kind.line and patient.phone) and not self.at_ceiling(patient.pk)
        return bool(patient.email)

    def went_as_text(self, message: Message) -> bool:
        return any(news == same_news(message) for _at, news in self.texts[message.patient_id])

    def at_ceiling(self, patient_id: int) -> bool:
        times = [at for at, _news in self.texts[patient_id]]
        today = [at for at in times if at > self.now - DAY]
        return len(today) >= TEXTS_PER_DAY or len(times) >= TEXTS_PER_WEEK


def prefers_texts(message: Message) -> bool:
    kind = kinds().get(message.kind)
    return kind is not None and kind.prefers == Channel.SMS


def same_news(message: Message) -> tuple:
    """What two rows share that say the same by two channels."""
    return message.kind, message.about_type, message.about_id, message.revision


def write(message: Message, kind: Kind, about: Any, practice: Practice, to: str) -> Letter:
    """The letter in words: templates for an e-mail, one line for a text message."""
    if message.channel == Channel.SMS:
        assert kind.line is not None
        return Letter(
            key=message.pk,
            kind=message.kind,
            channel=Channel.SMS,
            sender=practice.short_name,
            to=to,
            text=kind.line(message, about, practice),
        )
    stem = f"emails/{kind.stem or kind.name}"
    words = kind.words(message, about, practice)
    calendar, method = (kind.calendar(message, about, practice) if kind.calendar else None) or (None, "")
    return Letter(
        key=message.pk,
        kind=message.kind,
        channel=Channel.EMAIL,
        sender=practice.short_name,
        to=to,
        subject=render_to_string(f"{stem}-subject.txt", words).strip(),
        text=render_to_string(f"{stem}-body.txt", words).strip() + "\n",
        html=render_to_string(f"{stem}-body.html", words),
        calendar=calendar,
        method=method,
    )
