"""The demo clinic's clock: what happens is put on a timeline and done in order, the clock standing at each moment.

Between two moments whatever has fallen due is sent, by the same function that sends it in real life.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from typing import Any

import time_machine
from django.db.models import Min

from practice import sending
from practice.models import Message
from practice.models.message import WAITING

SENT_AFTER = timedelta(seconds=4)
# What lies days back is sent a few minutes late and many at once, or the clinic would take twice as long to build.
LONG_AGO, GATHERED = timedelta(days=2), timedelta(minutes=50)


class Timeline:
    """Moments and what is done at them, up to ``until``; later ones never happen."""

    def __init__(self, until: datetime) -> None:
        self.until = until.astimezone(UTC)
        self.waiting: list[tuple[datetime, int, Callable[[], Any]]] = []
        self.order = count()
        self.looked_at = datetime.min.replace(tzinfo=UTC)

    def at(self, moment: datetime, act: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
        """Do ``act`` at ``moment``; what is put in later for the same moment is done later."""
        if moment <= self.until:
            heapq.heappush(self.waiting, (moment.astimezone(UTC), next(self.order), partial(act, *args, **kwargs)))

    def run(self) -> None:
        """Live through everything up to ``until``. An act may put in more, at its own moment or after it."""
        first = self.waiting[0][0] if self.waiting else self.until
        # tick=False: the clock stands, so that the same acts write the same times on every machine.
        with time_machine.travel(first, tick=False) as clock:
            while self.waiting:
                moment, _order, act = heapq.heappop(self.waiting)
                self.deliver(clock, moment)
                clock.move_to(moment)
                act()
            self.deliver(clock, self.until + SENT_AFTER)

    def deliver(self, clock: time_machine.Traveller, until: datetime) -> None:
        """Send what falls due before ``until``, soon after its time."""
        if until - self.looked_at < GATHERED and self.until - until > LONG_AGO:
            return
        self.looked_at = until
        while (due := self.next_due()) is not None:
            now = due + (SENT_AFTER if self.until - due < LONG_AGO else GATHERED)
            if now > until:
                return
            clock.move_to(now)
            sending.send_batch(now=now)

    @staticmethod
    def next_due() -> datetime | None:
        return Message.objects.filter(state__in=WAITING).aggregate(due=Min("next_attempt_at"))["due"]
