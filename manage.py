#!/usr/bin/env python
"""Django's own front door; `python3 dev.py` is Evenkeel's.

A setting that is missing or unsafe is said in a sentence, not in a traceback, and `migrate` works as the owner of the
database (MIGRATE_DATABASE_URL) where one is named, since the role that serves has no right to change its tables.
"""

import os
import sys

WITHOUT_PACKAGES = """This Python ({python}) has no {name}, or not all that Evenkeel needs.
To try Evenkeel: python3 dev.py run makes .venv; then use .venv/bin/python manage.py
On a server: python3 -m venv .venv && .venv/bin/pip install --require-hashes -r requirements/base.lock"""
WITHOUT_RIGHTS = (
    "The role of DATABASE_URL has no right to change the tables: {error}\n"
    "Set MIGRATE_DATABASE_URL to the address of the database's owner and run it again."
)
NEEDED = ("django", "environ", "celery", "psycopg")


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "practice.settings")
    try:
        for name in NEEDED:
            __import__(name)
    except ModuleNotFoundError as error:
        return refuse(WITHOUT_PACKAGES.format(python=sys.executable, name=error.name))
    become_owner(sys.argv[1:2])
    return execute(sys.argv)


def become_owner(command: list[str]) -> None:
    """Take the owner's address for the one command that changes tables; all others run as the role that serves."""
    if command == ["migrate"] and os.environ.get("MIGRATE_DATABASE_URL"):
        os.environ["DATABASE_URL"] = os.environ["MIGRATE_DATABASE_URL"]


def execute(arguments: list[str]) -> int:
    """Run the command; what has a cure ends in its sentence, unless ``--traceback`` asks for all of it."""
    from django.core.exceptions import ImproperlyConfigured  # noqa: PLC0415  (it was not sure that Django is there)
    from django.core.management import execute_from_command_line  # noqa: PLC0415  (as above)
    from django.db import DatabaseError  # noqa: PLC0415  (as above)

    try:
        execute_from_command_line(arguments)
    except ImproperlyConfigured as error:
        if "--traceback" in arguments:
            raise
        return refuse(str(error))
    except DatabaseError as error:
        from practice import patience  # noqa: PLC0415  (as above)

        not_allowed = arguments[1:2] == ["migrate"] and lacks_rights(error)
        if "--traceback" in arguments or not (not_allowed or patience.was_away(error)):
            raise
        if not_allowed:
            return refuse(WITHOUT_RIGHTS.format(error=str(error).partition("\n")[0]))
        return refuse(patience.why_not_begun(error))
    return 0


def lacks_rights(error: BaseException | None) -> bool:
    """Whether PostgreSQL refused a right, however deep Django has wrapped its answer."""
    from psycopg.errors import InsufficientPrivilege  # noqa: PLC0415  (as above)

    while error is not None and not isinstance(error, InsufficientPrivilege):
        error = error.__cause__ or error.__context__
    return error is not None


def refuse(sentence: str) -> int:
    print(sentence, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
