"""How an action runs: keyword-only, in one transaction, with the history trigger told who acts.

pghistory's context is set here and not by its middleware, which would cost every request (architecture.md 8).
"""

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import pghistory
from django.db import transaction

P = ParamSpec("P")
R = TypeVar("R")


def action(function: Callable[P, R]) -> Callable[P, R]:
    """Run ``function(*, by, ...)`` atomically; history rows it causes carry the action's name and the actor's id."""

    @functools.wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        actor = kwargs.get("by")
        with transaction.atomic(), pghistory.context(action=function.__name__, actor=getattr(actor, "pk", None)):
            return function(*args, **kwargs)

    return run
