"""How long a serving process waits for PostgreSQL: web, worker, beat and loop, by limits that the server itself keeps.

Migrations, commands at a prompt and the filling of a database take as long as they take; they never come here.
"""

from __future__ import annotations

import psycopg
import psycopg.errors
from django.conf import settings
from django.db import InterfaceError, InternalError, OperationalError, connections

WITHOUT_DATABASE = (
    "The database cannot be reached: {error}\n"
    "Is PostgreSQL running, and are host, role, password and name in DATABASE_URL right "
    "(for migrate in MIGRATE_DATABASE_URL, where it is set)?"
)


def set_limits() -> None:
    """From here on every new connection of this process has the limits of ``SERVING_LIMITS``; harmless twice.

    A wait for a lock, a statement, or a transaction in which nothing happens ends with a database error after it: one
    page is answered 503, and nobody behind it waits for a forgotten transaction.
    """
    options = connections.settings["default"]["OPTIONS"]
    limits = "".join(f" -c {name}={value}" for name, value in settings.SERVING_LIMITS.items())
    options["options"] = options["options"].removesuffix(limits) + limits
    connections.close_all()


def was_away(error: BaseException | None) -> bool:
    """Whether there was no talking with PostgreSQL at all: what it answers itself has a state, this has none."""
    cause = error.__cause__ if error else None
    return isinstance(cause, psycopg.OperationalError) and cause.sqlstate is None


def why_not_begun(error: Exception) -> str:
    """What a process says that ends at its start: what is wrong, and where the database was away what to look at."""
    return WITHOUT_DATABASE.format(error=str(error).partition("\n")[0]) if was_away(error) else str(error)


def is_at_an_end(error: BaseException | None) -> bool:
    """Whether ``error`` says that the database was away or a limit was reached, and so nothing about our own code.

    The end of a transaction at rest has PostgreSQL's class of faults in transactions, so Django calls it internal.
    """
    if isinstance(error, InternalError):
        return isinstance(error.__cause__, psycopg.errors.IdleInTransactionSessionTimeout)
    return isinstance(error, OperationalError | InterfaceError)
