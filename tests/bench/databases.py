"""Databases of the benchmark, kept between runs, and Evenkeel served from one of them by two gunicorn workers."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlsplit, urlunsplit

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.core.management import call_command
from django.db import connection, connections
from django.utils import timezone

from practice import presence
from practice.browser_session import SessionStore
from practice.models import Practice, User
from tests.bench import data
from tests.limits import free_port, wait_for_site

PATIENCE = 30


@dataclass(frozen=True)
class Site:
    """A served database: its address, a signed-in front desk's cookie, and a Monday inside the filled weeks."""

    url: str
    cookie: str
    monday: date
    database_url: str


@contextmanager
def served(*, taken_percent: int, history: int = 1) -> Iterator[Site]:
    """Fill a database once, serve a copy of it, and stop the server at the end.

    What a run books and sends goes with the copy, so that every run measures the same rows. The long history is only
    read, and served itself.
    """
    name = f"bench_{taken_percent}_x{history}"
    with database(name):
        if not Practice.objects.exists():
            print(f"filling {name} ...", flush=True)
            data.fill(taken_percent=taken_percent, history=history)
    with copy_of(name) if history == 1 else database(name) as url:
        port = free_port()
        environ = {**os.environ, "DATABASE_URL": url, "PORT": str(port), "EVENKEEL_DEMO": "1", "STATIC_MANIFEST": "0"}
        program = [
            sys.executable,
            "-m",
            "gunicorn",
            "tests.bench.site",
            "--workers=2",
            f"--bind=127.0.0.1:{port}",
            "--no-control-socket",
            "--log-level=error",
        ]
        web = subprocess.Popen(program, env=environ)
        try:
            wait_for_site(f"http://127.0.0.1:{port}/bench/e", web)
            yield Site(f"http://127.0.0.1:{port}", front_desk_cookie(), data.busiest_week(), url)
        finally:
            web.terminate()
            web.wait(PATIENCE)


@contextmanager
def database(name: str) -> Iterator[str]:
    """Point this process at database ``name``, made and migrated if it is new; its address for children."""
    original = connection.settings_dict["NAME"]
    connection.close()
    with connection._nodb_cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
        if cursor.fetchone() is None:
            cursor.execute(f'CREATE DATABASE "{name}"')
    connections.databases["default"]["NAME"] = connection.settings_dict["NAME"] = name
    try:
        call_command("migrate", verbosity=0)
        yield urlunsplit(urlsplit(settings.DATABASE_URL)._replace(path=f"/{name}"))
    finally:
        connections.close_all()
        connections.databases["default"]["NAME"] = connection.settings_dict["NAME"] = original


@contextmanager
def copy_of(name: str) -> Iterator[str]:
    """The same with a new copy of database ``name``, dropped at the end."""
    copy = f"{name}_run"
    with connection._nodb_cursor() as cursor:
        cursor.execute(f'DROP DATABASE IF EXISTS "{copy}" WITH (FORCE)')
        cursor.execute(f'CREATE DATABASE "{copy}" TEMPLATE "{name}"')
    try:
        with database(copy) as url:
            yield url
    finally:
        with connection._nodb_cursor() as cursor:
            cursor.execute(f'DROP DATABASE IF EXISTS "{copy}" WITH (FORCE)')


def front_desk_cookie() -> str:
    """A session of the front desk, written the way signing in writes it."""
    user = User.objects.get(email="desk@bench.example")
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    presence.begin(session, timezone.now(), second_factor=True)
    session.save()
    return f"{settings.SESSION_COOKIE_NAME}={session.session_key}"
