"""Databases of the proofs: migrated once, and copied for each part that begins with an empty one."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import urlsplit, urlunsplit

import psycopg

from launch import application
from tests.limits import ROOT

TEMPLATE = "evenkeel_prove_template"
MIGRATING = 300.0  # seconds
_migrated: set[str] = set()


@contextmanager
def fresh_database(name: str, environ: Mapping[str, str], *, template: str = "") -> Iterator[dict[str, str]]:
    """``environ`` with its addresses for the owner and for the role that serves changed to a new database ``name``.

    It is a copy of ``template``; without one, of a database that is migrated once in this process.
    """
    owner = environ.get("MIGRATE_DATABASE_URL") or environ["DATABASE_URL"]
    with psycopg.connect(owner, autocommit=True, connect_timeout=10) as admin:
        if not template and owner not in _migrated:
            make_template(admin, owner, environ)
        admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        admin.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template or TEMPLATE}"')
        try:
            yield {
                **environ,
                "DATABASE_URL": at(environ["DATABASE_URL"], name),
                "MIGRATE_DATABASE_URL": at(owner, name),
            }
        finally:
            admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def make_template(admin: psycopg.Connection, owner: str, environ: Mapping[str, str]) -> None:
    admin.execute(f'DROP DATABASE IF EXISTS "{TEMPLATE}" WITH (FORCE)')
    admin.execute(f'CREATE DATABASE "{TEMPLATE}"')
    as_owner = {**environ, "DATABASE_URL": at(owner, TEMPLATE), "MIGRATE_DATABASE_URL": at(owner, TEMPLATE)}
    migrate = application.manage("migrate", "--verbosity", "0")
    subprocess.run(migrate, cwd=ROOT, env=as_owner, check=True, timeout=MIGRATING)
    _migrated.add(owner)


def at(url: str, name: str) -> str:
    """The address of another database of the same server, for the same role."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))
