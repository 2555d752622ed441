"""How an action runs: keyword-only, in one transaction, with the history triggers told who acts.

pghistory's own context puts two settings in front of every statement, which then can be neither prepared nor bound on
the server; the settings hold until the transaction ends, so an action tells them once (architecture.md 8). What an
action records in the audit trail is written by one insert at its end, still inside the transaction.
"""

import functools
import json
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import ParamSpec, TypeVar

from django.db import connection, transaction

from practice.models.audit import AuditEvent

P = ParamSpec("P")
R = TypeVar("R")

recorded: ContextVar[list[AuditEvent] | None] = ContextVar("recorded", default=None)
TELL = "SELECT set_config('pghistory.context_id', %s, true), set_config('pghistory.context_metadata', %s, true)"


def action(function: Callable[P, R]) -> Callable[P, R]:
    """Run ``function(*, by, ...)`` atomically; history rows it causes carry the action's name and the actor's id.

    An action that another one calls is part of that one's deed: it gets a savepoint, not a name of its own.
    """

    @functools.wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        by = kwargs.get("by")
        with transaction.atomic(), part() if recorded.get() is not None else deed(function.__name__, by):
            return function(*args, **kwargs)

    return run


@contextmanager
def deed(name: str, by: object) -> Iterator[None]:
    """The outermost action: the history is told for the rest of the transaction, and the audit trail is written."""
    events: list[AuditEvent] = []
    mark = recorded.set(events)
    try:
        with connection.cursor() as cursor:
            cursor.execute(TELL, [str(uuid.uuid4()), json.dumps({"action": name, "actor": getattr(by, "pk", None)})])
        yield
        AuditEvent.objects.bulk_create(events)
    finally:
        recorded.reset(mark)


@contextmanager
def part() -> Iterator[None]:
    """An action inside another: where it fails, what it recorded goes with what it wrote."""
    events = recorded.get()
    before = len(events)
    try:
        yield
    except BaseException:
        del events[before:]
        raise
