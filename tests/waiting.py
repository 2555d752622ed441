"""Two transactions at once, each with its own connection: how a test lets one wait for the other, without sleeping."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction

from tests.limits import wait_until

PATIENCE = 30  # seconds

WAITS = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


def waiting() -> int:
    """How many connections to this database wait for a lock."""
    with connection.cursor() as cursor:
        cursor.execute(WAITS)
        return cursor.fetchone()[0]


class Beside:
    """Deeds in threads of their own, each with its own connection."""

    def __init__(self) -> None:
        self.pool = ThreadPoolExecutor(8)
        self.ends: list[threading.Event] = []

    def begin(self, deed: Callable[..., Any], *args: Any, **kwargs: Any) -> Future:
        """Start ``deed``; its result, or what it raised, comes by ``result(PATIENCE)``."""

        def run() -> Any:
            try:
                return deed(*args, **kwargs)
            finally:
                connection.close()

        return self.pool.submit(run)

    def begin_and_wait(self, deed: Callable[..., Any], *args: Any, **kwargs: Any) -> Future:
        """Start ``deed`` and come back when it waits for a lock, or has ended without one."""
        before = waiting()
        future = self.begin(deed, *args, **kwargs)
        wait_until(lambda: future.done() or waiting() > before, "somebody who waits for a lock", PATIENCE)
        return future

    def keep(self, deed: Callable[..., Any], *args: Any, **kwargs: Any) -> tuple[Future, Callable[[], None]]:
        """Do ``deed`` in a transaction that stays open until the function given back is called."""
        done, end = threading.Event(), threading.Event()
        self.ends.append(end)

        def hold() -> None:
            with transaction.atomic():
                deed(*args, **kwargs)
                done.set()
                assert end.wait(2 * PATIENCE)

        future = self.begin(hold)
        wait_until(lambda: done.is_set() or future.done(), "the first transaction", PATIENCE)
        if future.done():
            future.result()
        return future, end.set


@contextmanager
def beside() -> Iterator[Beside]:
    here = Beside()
    try:
        yield here
    finally:
        for end in here.ends:
            end.set()
        here.pool.shutdown(wait=True)
