"""Sending what is due: claim, look again, send, record (architecture.md 7, operations.md).

Any number of senders may run at once, in Celery workers and in ``manage.py send_due``: rows are claimed with SKIP
LOCKED under a lease and a token, in a transaction of one statement. Nothing is sent inside a transaction. Whoever dies
after claiming loses nothing, because the lease runs out; whoever wakes late finds the token gone. The only message that
can go out twice is one that was on the wire when its sender was killed, and it carries the same key both times.
"""

from __future__ import annotations

import datetime as dt
import random
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, fields

import structlog
from django.db import DatabaseError, connection
from django.utils import timezone

from practice import clocks, heartbeat
from practice.gateways import LineDown, Lines, Refused, TryAgain
from practice.last_look import Look, Lost, NotYet
from practice.letter import Letter
from practice.models import Message
from practice.models.message import Channel, MessageState
from practice.outbox import WITHDRAWN, NotWanted, kinds

log = structlog.get_logger("evenkeel.messages")

BATCH = 40
LOOK_AHEAD = 20
LEASE = dt.timedelta(seconds=30)
MARGIN = 3.0  # seconds of the lease that must be left beyond the longest send
PASS_LASTS = 20.0  # seconds after which a pass ends, so that a task stays far below the broker's visibility timeout
MOST_ATTEMPTS = 12
LONGEST_PAUSE = 300.0
LINE_DOWN_PAUSE = dt.timedelta(seconds=5)

CLAIM = """
WITH due AS MATERIALIZED (
  SELECT id FROM practice_message
  WHERE state IN ('planned', 'claimed') AND next_attempt_at <= %(now)s
  ORDER BY next_attempt_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED
)
UPDATE practice_message AS m
SET state = 'claimed', attempts = m.attempts + 1, lease_token = %(token)s, lease_until = %(until)s,
    next_attempt_at = %(until)s
FROM due WHERE m.id = due.id
RETURNING m.id, m.due_at
"""


@dataclass
class Tally:
    """What became of the messages of a batch or a pass."""

    claimed: int = 0
    sent: int = 0
    skipped: int = 0
    failed: int = 0
    put_back: int = 0

    def add(self, other: Tally) -> None:
        for field in fields(self):
            setattr(self, field.name, getattr(self, field.name) + getattr(other, field.name))


def send_due(*, who: str, on_full_batch: Callable[[], None] | None = None) -> Tally:
    """One pass of a sender: everything that is due, batch by batch, for at most 20 s, and ``who``'s heart beats.

    ``on_full_batch`` is called once when the first batch came back full, so that others may be asked to help.
    Raises clocks.ClocksDisagree before anything is sent where this clock and PostgreSQL's differ by over a minute.
    """
    clocks.must_agree()
    ends = time.monotonic() + PASS_LASTS
    tally = Tally()
    while True:
        batch = Batch(timezone.now(), BATCH)
        is_full = len(batch.waiting) == BATCH
        if is_full and on_full_batch:
            on_full_batch()
            on_full_batch = None
        batch.work()
        tally.add(batch.tally)
        heartbeat.beat(who)
        if not is_full or time.monotonic() >= ends:
            break
    if tally.claimed:
        log.info("messages.sent", count=tally.claimed, sent=tally.sent, skipped=tally.skipped, failed=tally.failed)
    return tally


def claim(*, now: dt.datetime, token: uuid.UUID, limit: int = BATCH) -> list[uuid.UUID]:
    """Take up to ``limit`` due rows for 30 seconds, oldest first; one statement, committed at once."""
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, {"now": now, "limit": limit, "token": token, "until": now + LEASE})
        rows = cursor.fetchall()
    return [row_id for row_id, _due in sorted(rows, key=lambda row: (row[1], row[0]))]


def send_batch(*, now: dt.datetime, limit: int = BATCH) -> Tally:
    """Claim one batch at ``now`` and bring every row of it to an end or back into the queue."""
    batch = Batch(now, limit)
    batch.work()
    return batch.tally


class Batch:
    """The rows one sender holds under one token."""

    def __init__(self, now: dt.datetime, limit: int) -> None:
        self.token = uuid.uuid4()
        self.claimed_at = time.monotonic()
        self.started_at = now
        self.waiting = claim(now=now, token=self.token, limit=limit)
        self.tally = Tally(claimed=len(self.waiting))
        self.down: dict[str, str] = {}

    @property
    def now(self) -> dt.datetime:
        """The time of the claim plus what has passed on a clock that nobody can set."""
        return self.started_at + dt.timedelta(seconds=time.monotonic() - self.claimed_at)

    @property
    def lease_left(self) -> float:
        return LEASE.total_seconds() - (time.monotonic() - self.claimed_at)

    def work(self) -> None:
        """Bring every row of the batch to an end or back into the queue."""
        look: Look | None = None
        with Lines() as lines:
            while self.waiting:
                if look is None or not look.covers(self.waiting[0]):
                    look = Look(self.waiting[:LOOK_AHEAD], token=self.token, now=self.now)
                message = look.messages.get(self.waiting[0])
                if message is not None:
                    try:
                        self.bring_to_end(message, look, lines)
                    except LeaseShort:
                        self.give_back()
                        return
                self.waiting.pop(0)

    def bring_to_end(self, message: Message, look: Look, lines: Lines) -> None:
        """Send one message and record how it went; no trouble with it may reach the next one."""
        try:
            if message.attempts > MOST_ATTEMPTS:
                raise Refused("its sender died each time")
            letter = look.letter(message)
            provider_id = self.send(letter, lines)
        except NotWanted as reason:
            state = MessageState.WITHDRAWN if str(reason) == WITHDRAWN else MessageState.SKIPPED
            self.end(message, state, reason=str(reason))
        except NotYet as wait:
            self.put_back(message, at=wait.until, counts=False, reason=str(wait))
        except Lost as reason:
            self.lose(message, str(reason))
        except Refused as reason:
            self.end(message, MessageState.FAILED, reason=str(reason))
        except LineDown as reason:
            self.down[message.channel] = str(reason)
            self.put_back(message, at=self.now + LINE_DOWN_PAUSE, counts=False, reason=str(reason))
        except TryAgain as trouble:
            self.retry(message, str(trouble), trouble.after)
        except (LeaseShort, DatabaseError):
            raise
        except Exception as error:
            log.error("message.broken", message_id=str(message.pk), kind=message.kind, exc_info=error)
            self.retry(message, f"our error: {type(error).__name__}")
        else:
            if self.end(message, MessageState.SENT, provider_id=provider_id) and message.channel == Channel.SMS:
                look.note_text(message, self.now)

    def send(self, letter: Letter, lines: Lines) -> str:
        """Hand the letter over, unless its line was found down in this batch or the lease does not cover a send."""
        if letter.channel in self.down:
            raise LineDown(self.down[letter.channel])
        line = lines.to(letter.channel)
        if self.lease_left < line.longest + MARGIN:
            raise LeaseShort
        return line.send(letter)

    def end(self, message: Message, state: MessageState, *, reason: str = "", provider_id: str = "") -> bool:
        """Record the end of a message under our token; False where the lease had passed to somebody else."""
        ended = self.record(
            message,
            state=state,
            reason=reason,
            provider_id=provider_id[:200],
            sent_at=self.now if state == MessageState.SENT else None,
            sealed_body=None,
        )
        if state == MessageState.SENT:
            self.tally.sent += 1
        elif state == MessageState.FAILED:
            self.tally.failed += 1
            log.warning("message.failed", message_id=str(message.pk), kind=message.kind, reason=reason)
        else:
            self.tally.skipped += 1
        return ended

    def lose(self, message: Message, reason: str) -> None:
        """What must be heard of becomes a task for the front desk; anything else is no more than late."""
        state = MessageState.FAILED if kinds()[message.kind].call_if_lost else MessageState.SKIPPED
        self.end(message, state, reason=reason)

    def retry(self, message: Message, reason: str, after: float = 0) -> None:
        """Later, with growing pauses; after the twelfth attempt never again."""
        if message.attempts >= MOST_ATTEMPTS:
            self.end(message, MessageState.FAILED, reason=reason)
            return
        pause = min(LONGEST_PAUSE, 2.0**message.attempts) * random.uniform(0.5, 1.5)
        self.put_back(message, at=self.now + dt.timedelta(seconds=max(pause, after)), counts=True, reason=reason)

    def put_back(self, message: Message, *, at: dt.datetime, counts: bool, reason: str) -> None:
        attempts = message.attempts if counts else message.attempts - 1
        self.record(message, state=MessageState.PLANNED, next_attempt_at=at, attempts=attempts, reason=reason)
        self.tally.put_back += 1

    def record(self, message: Message, *, state: MessageState, reason: str, **facts: object) -> bool:
        """Write under our token. A row that was withdrawn meanwhile is withdrawn, not put back into the queue."""
        mine = Message.objects.filter(pk=message.pk, lease_token=self.token)
        facts |= {"lease_token": None, "lease_until": None}
        if state != MessageState.PLANNED:
            written = mine.update(state=state, reason=reason[:200], **facts)
        else:
            written = mine.exclude(reason=WITHDRAWN).update(state=state, reason=reason[:200], **facts)
            written = written or mine.update(state=MessageState.WITHDRAWN, sealed_body=None, **facts)
        if not written:
            log.warning("message.lease_lost", message_id=str(message.pk), kind=message.kind)
        return bool(written)

    def give_back(self) -> None:
        """The lease runs short: what is left is free for anybody at once, and has cost no attempt."""
        for message in Message.objects.filter(pk__in=self.waiting, lease_token=self.token):
            self.put_back(message, at=self.now, counts=False, reason=message.reason)


class LeaseShort(Exception):
    """What is left of the lease does not cover another send."""
