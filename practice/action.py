"""How an action runs: keyword-only, in one transaction, with the history triggers told who acts.

pghistory's own context puts two settings in front of every statement, which then can be neither prepared nor bound on
the server; the settings hold until the transaction ends, so an action tells them once (architecture.md 8).
"""

import functools
import json
import uuid
from collections.abc import Callable
from contextlib import contextmanager
from contextvars import ContextVar
from typing import ParamSpec, TypeVar

from django.db import connection, transaction

P = ParamSpec("P")
R = TypeVar("R")

within: ContextVar[bool] = ContextVar("within", default=False)
TELL = "SELECT set_config('pghistory.context_id', %s, true), set_config('pghistory.context_metadata', %s, true)"


def action(function: Callable[P, R]) -> Callable[P, R]:
    """Run ``function(*, by, ...)`` atomically; history rows it causes carry the action's name and the actor's id.

    An action that another one calls is part of that one's deed: it gets a savepoint, not a name of its own.
    """

    @functools.wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        with transaction.atomic(), deed(function.__name__, getattr(kwargs.get("by"), "pk", None)):
            return function(*args, **kwargs)

    return run


@contextmanager
def deed(name: str, actor_id: int | None):
    """Tell the history triggers what is done and by whom, for the rest of the transaction; the outermost deed only."""
    if within.get():
        yield
        return
    mark = within.set(True)
    try:
        with connection.cursor() as cursor:
            cursor.execute(TELL, [str(uuid.uuid4()), json.dumps({"action": name, "actor": actor_id})])
        yield
    finally:
        within.reset(mark)
