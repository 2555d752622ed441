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
from dataclasses import dataclass
from typing import ParamSpec, TypeVar

from django.db import connection, transaction

from practice.models.audit import AuditEvent

P = ParamSpec("P")
R = TypeVar("R")

TELL = "SELECT set_config('pghistory.context_id', %s, true), set_config('pghistory.context_metadata', %s, true)"


@dataclass
class Deed:
    """A running action: what it recorded and has not written yet, and how many savepoints deep it stands."""

    events: list[AuditEvent]
    depth: int


running: ContextVar[Deed | None] = ContextVar("running", default=None)


def action(function: Callable[P, R]) -> Callable[P, R]:
    """Run ``function(*, by, ...)`` atomically; history rows it causes carry the action's name and the actor's id.

    An action that another one calls is part of that one's deed: it gets a savepoint, not a name of its own. What is
    written later in the same transaction, outside of any action, still counts as the deed's.
    """

    @functools.wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        whole = running.get()
        with transaction.atomic(), part(whole) if whole else deed(function.__name__, kwargs.get("by")):
            return function(*args, **kwargs)

    return run


@contextmanager
def deed(name: str, by: object) -> Iterator[None]:
    """The outermost action: the history is told for the rest of the transaction, and the audit trail is written."""
    it = Deed([], len(connection.savepoint_ids))
    mark = running.set(it)
    try:
        with connection.cursor() as cursor:
            cursor.execute(TELL, [str(uuid.uuid4()), json.dumps({"action": name, "actor": getattr(by, "pk", None)})])
        yield
        AuditEvent.objects.bulk_create(it.events)
    finally:
        running.reset(mark)


@contextmanager
def part(whole: Deed) -> Iterator[None]:
    """An action inside another: where it fails, what it recorded goes with what it wrote.

    Called within a savepoint of the other's own it is written with it, for that may still be rolled back.
    """
    before, depth = len(whole.events), whole.depth
    whole.depth = len(connection.savepoint_ids)
    try:
        yield
        if whole.depth > depth + 1:
            AuditEvent.objects.bulk_create(whole.events[before:])
            del whole.events[before:]
    except BaseException:
        del whole.events[before:]
        raise
    finally:
        whole.depth = depth


def put_off(event: AuditEvent) -> bool:
    """Whether the running action writes ``event`` at its end.

    Not where a savepoint of the action's own is open: what is recorded there must go with it if it is rolled back.
    """
    it = running.get()
    if it is None or len(connection.savepoint_ids) > it.depth:
        return False
    it.events.append(event)
    return True
