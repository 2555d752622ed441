"""How the machinery is: heartbeats, what is overdue, what failed, what is unsealed, whether the clocks agree.

The same look serves /statusz for alarms and the status page for people. It holds counts and ages, no content. An app
adds what it watches by ``parts() -> list[Part]`` in its ``home.py``.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from enum import StrEnum

from django.db.models import Min
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from practice import clocks, heartbeat
from practice.last_look import OUTSIDE_HOURS
from practice.models import AuditEvent, AuditSeal, Heartbeat, Message
from practice.models.message import WAITING, MessageState
from practice.sending import LONGEST_PAUSE
from practice.start import home_modules

SILENT_AFTER = dt.timedelta(seconds=60)
OVERDUE_AFTER = dt.timedelta(seconds=120)
UNSEALED_AFTER = dt.timedelta(seconds=60)
UNTIDIED_AFTER = dt.timedelta(days=3)
UNSEEN_AFTER = dt.timedelta(hours=24)
TRIED_OFTEN = 3
MANY = 10


class Light(StrEnum):
    GREEN = "green"
    AMBER = "amber"
    RED = "red"


@dataclass(frozen=True)
class Part:
    """One thing that is watched. ``figure`` is its age in seconds or its count; None where it never happened.

    ``advice`` says what a person does about it; without it the machinery is at fault. A figure that ``is_internal`` is
    for the practice alone: the alarm, which asks without an account, gets the light.
    """

    key: str
    name: str | Promise
    light: Light
    figure: float | None
    at: dt.datetime | None = None
    is_count: bool = False
    is_internal: bool = False
    advice: str | Promise = ""


HEARTS = {
    heartbeat.BROKER: _("Queue (broker)"),
    heartbeat.BEAT: _("Clock (beat)"),
    heartbeat.WORKER: _("Sender (worker)"),
    heartbeat.LOOP: _("Second sender (loop)"),
    heartbeat.SEALER: _("Sealer of the audit trail"),
}

NOT_TIDIED = _(
    "People from whom nothing followed are to be erased after 90 days, and for more than three days that has not gone "
    "through in full. Have whoever looks after the server read the log of worker and loop: tidying.failed, "
    "prospect.not_erased and session.not_cleared say why."
)


def look(now: dt.datetime | None = None) -> list[Part]:
    """Every part with its light. Six queries, whatever there is, and those of the apps."""
    now = now or timezone.now()
    return [
        *hearts(now),
        oldest_due(now),
        struggling(),
        failed(now),
        unsealed(now),
        clock(),
        *collect_parts(),
    ]


def worst(parts: list[Part]) -> Light:
    return max((part.light for part in parts), key=list(Light).index)


def collect_parts() -> list[Part]:
    """What the apps watch, in the order of the apps."""
    return [part for module in home_modules() if hasattr(module, "parts") for part in module.parts()]


def hearts(now: dt.datetime) -> list[Part]:
    beats = dict(Heartbeat.objects.values_list("name", "beat_at"))
    beating = [
        aged(name, label, beats.get(name), now, SILENT_AFTER, missing=Light.RED) for name, label in HEARTS.items()
    ]
    return [*beating, tidied(beats, now)]


def tidied(beats: dict[str, dt.datetime], now: dt.datetime) -> Part:
    """When what must not stay was last erased without a fault; a practice in which it never was has the same days."""
    was_long = now - beats.get(heartbeat.TIDY_FROM, now) > UNTIDIED_AFTER
    missing = Light.RED if was_long else Light.GREEN
    at = beats.get(heartbeat.TIDIED)
    part = aged(heartbeat.TIDIED, _("Daily erasure of what is not kept"), at, now, UNTIDIED_AFTER, missing)
    return replace(part, advice=NOT_TIDIED) if part.light == Light.RED else part


def aged(
    key: str, name: str | Promise, at: dt.datetime | None, now: dt.datetime, limit: dt.timedelta, missing: Light
) -> Part:
    """Green while ``at`` is younger than ``limit``; ``missing`` is the light of what has no time at all."""
    if at is None:
        return Part(key, name, missing, None)
    age = now - at
    return Part(key, name, Light.RED if age > limit else Light.GREEN, max(0.0, round(age.total_seconds(), 1)), at)


def oldest_due(now: dt.datetime) -> Part:
    """The oldest message that should have left and was hardly tried: the machinery's fault, not the address's."""
    soon = now + dt.timedelta(seconds=2 * LONGEST_PAUSE)
    due = Message.objects.filter(
        state__in=WAITING, next_attempt_at__lte=soon, due_at__lte=now, attempts__lt=TRIED_OFTEN
    ).exclude(reason=OUTSIDE_HOURS)
    at = due.aggregate(at=Min("due_at"))["at"]
    return aged("oldest_due", _("Oldest message that is due"), at, now, OVERDUE_AFTER, missing=Light.GREEN)


def struggling() -> Part:
    """Messages that were tried several times and are tried on."""
    count = Message.objects.filter(state__in=WAITING, attempts__gte=TRIED_OFTEN).count()
    light = Light.RED if count >= MANY else Light.AMBER if count else Light.GREEN
    return Part("struggling", _("Messages tried several times"), light, count, is_count=True)


def failed(now: dt.datetime) -> Part:
    """Messages that failed for good and wait for the front desk; red once they have waited a day unseen."""
    waiting = Message.objects.filter(state=MessageState.FAILED)
    times = sorted(waiting.values_list("due_at", flat=True))
    light = Light.GREEN if not times else Light.RED if now - times[0] > UNSEEN_AFTER else Light.AMBER
    return Part("failed", _("Failed messages nobody has dealt with"), light, len(times), is_count=True)


def unsealed(now: dt.datetime) -> Part:
    """The oldest audit event that no seal covers yet."""
    sealed_until = AuditSeal.objects.order_by("-pk").values("until_xact")[:1]
    last = sealed_until.first()
    tail = AuditEvent.objects.filter(xact__gte=last["until_xact"]) if last else AuditEvent.objects.all()
    at = tail.aggregate(at=Min("at"))["at"]
    return aged("unsealed", _("Oldest unsealed audit event"), at, now, UNSEALED_AFTER, missing=Light.GREEN)


def clock() -> Part:
    apart = abs(clocks.difference())
    light = Light.RED if apart > clocks.MAY_DIFFER else Light.GREEN
    return Part("clock_difference", _("Difference to the database's clock"), light, round(apart.total_seconds(), 1))
