"""The manners of booking: transaction-scoped advisory locks, always taken in one order (architecture.md 6).

The exclusion constraints alone are right but deadlock under contention for 25 seconds and more; whoever takes these
locks first, and then looks, waits for milliseconds. The constraint stays the proof: what gets past the locks ends
there.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable, Iterable
from typing import ParamSpec, TypeVar

import psycopg.errors
from django.db import DatabaseError, connection

P = ParamSpec("P")
R = TypeVar("R")

THERAPIST, PERSON, PLACE = 1, 2, 3  # the fixed order; a room is locked by its location
PATIENCE = "3s"
GUARDS = frozenset({"therapist_is_free", "room_is_free", "patient_is_free"})


class SlotTaken(Exception):
    """Somebody else has that time. Nothing was written."""


class RoomTaken(SlotTaken):
    """The room is gone, the therapist is not: another room may do."""


def key_of(name: object) -> int:
    """A signed 32-bit lock key for an id or any other name; ids are bigints, PostgreSQL's pair of keys is not."""
    return int.from_bytes(hashlib.blake2b(str(name).encode(), digest_size=4).digest(), signed=True)


def lock(*, therapists: Iterable[int] = (), people: Iterable[str] = (), locations: Iterable[int] = ()) -> None:
    """Take all locks a booking needs, until the transaction ends; what is read afterwards is the newest state.

    ``people`` are names such as ``patient:7`` or ``email:rosa@example.org``, see the functions below. One round trip:
    PostgreSQL evaluates a select list from left to right, so the time-out is set before the first lock.
    """
    wanted = [
        (kind, key)
        for kind, names in ((THERAPIST, therapists), (PERSON, people), (PLACE, locations))
        for key in sorted({key_of(name) for name in names})
    ]
    takes = ", pg_advisory_xact_lock(%s, %s)" * len(wanted)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT set_config('lock_timeout', %s, true){takes}",
            [PATIENCE, *(part for pair in wanted for part in pair)],
        )


def one_winner(function: Callable[P, R]) -> Callable[P, R]:
    """Turn a guard's violation, a lock time-out and a deadlock into SlotTaken; put it outside of ``@action``.

    A database error must leave the transaction before it is answered, or the connection stays broken.
    """

    @functools.wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except DatabaseError as error:
            lost = as_loss(error)
            if lost is None:
                raise
            raise lost from error

    return run


def as_loss(error: DatabaseError) -> SlotTaken | None:
    """What a database error means to somebody who wanted a time; None for an error that is about something else."""
    cause = error.__cause__
    if isinstance(cause, psycopg.errors.LockNotAvailable | psycopg.errors.DeadlockDetected):
        return SlotTaken()
    if isinstance(cause, psycopg.errors.ExclusionViolation) and cause.diag.constraint_name in GUARDS:
        return RoomTaken() if cause.diag.constraint_name == "room_is_free" else SlotTaken()
    return None


def patient_name(patient_id: int) -> str:
    return f"patient:{patient_id}"


def email_name(email_key: str) -> str:
    return f"email:{email_key}"


def phone_name(phone: object) -> str:
    return f"phone:{phone}"


def session_name(hold_key: str) -> str:
    return f"session:{hold_key}"


def address_name(address: str) -> str:
    return f"address:{address}"
