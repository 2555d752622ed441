"""Fixtures for every test: the cast, the database that may commit, the served site."""

import faulthandler
import os
import uuid
from collections.abc import Callable, Iterator

import pytest
from django.conf import settings
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.db import connection, connections
from django.test import Client
from django.test.testcases import LiveServerThread
from django.utils import timezone

from practice import presence
from tests import cast

pytest_plugins = ["tests.browser"]  # chromium, page_for

settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
settings.STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
settings.WHITENOISE_AUTOREFRESH = True
settings.PRACTICE_FACTS_SECONDS = 0  # so that a page costs the same queries in every test
DATABASE_OUTSIDE_TESTS = connection.settings_dict["NAME"]
faulthandler.enable()


@pytest.fixture(scope="session")
def migrated_template(django_db_setup, django_db_blocker) -> Iterator[str]:
    """The name of a copy of the migrated test database; tests that commit are given a clone of it."""
    with django_db_blocker.unblock():
        outside = connection.settings_dict["NAME"]
        # pytest-django makes a test database only for tests with its own marker; a run without any has none yet.
        made_here = outside == DATABASE_OUTSIDE_TESTS
        source = connection.creation.create_test_db(verbosity=0, autoclobber=True) if made_here else outside
        name = f"{source}_template"
        connection.close()
        run_sql(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)', f'CREATE DATABASE "{name}" TEMPLATE "{source}"')
    yield name
    with django_db_blocker.unblock():
        run_sql(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        if made_here:
            connection.creation.destroy_test_db(outside, verbosity=0)


@pytest.fixture
def committed_db(migrated_template, django_db_blocker) -> Iterator[str]:
    """A database of its own, cloned from the template and dropped afterwards; commits are real, triggers stay on.

    A flush after the test is impossible here by design: tables refuse TRUNCATE (architecture.md 8).
    """
    with django_db_blocker.unblock():
        original = connection.settings_dict["NAME"]
        clone = f"{original[:40]}_{uuid.uuid4().hex[:8]}"
        connection.close()
        run_sql(f'CREATE DATABASE "{clone}" TEMPLATE "{migrated_template}"')
        connections.databases["default"]["NAME"] = connection.settings_dict["NAME"] = clone
        try:
            yield clone
        finally:
            connections.close_all()
            connections.databases["default"]["NAME"] = connection.settings_dict["NAME"] = original
            run_sql(f'DROP DATABASE IF EXISTS "{clone}" WITH (FORCE)')


def run_sql(*statements: str) -> None:
    """Run statements outside any transaction, on the server's maintenance database."""
    with connection._nodb_cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


@pytest.fixture
def served(committed_db) -> Iterator[str]:
    """The address of the site, served by threads of this process from the committed database."""
    server = LiveServerThread("localhost", StaticFilesHandler, connections_override={})
    server.daemon = True
    server.start()
    assert server.is_ready.wait(30), "the test server did not start"
    if server.error:
        raise server.error
    yield f"http://localhost:{server.port}"
    server.terminate()
    server.join(10)


@pytest.fixture
def as_() -> Callable[..., Client]:
    """``as_(user)``: a client that is signed in as ``user``; ``as_(None)`` is a visitor."""

    def sign_in(user=None, **kwargs) -> Client:
        client = Client(**kwargs)
        if user is not None:
            client.force_login(user, backend=settings.AUTHENTICATION_BACKENDS[0])
            session = client.session  # as after a sign-in with a second factor, without which staff reach nothing
            presence.begin(session, timezone.now(), second_factor=True)
            session.save()
        return client

    return sign_in


@pytest.fixture
def clinic(db) -> cast.Clinic:
    """The practice with one location, two rooms and the appointment types, and nobody in it."""
    return cast.clinic()


for _name in cast.PEOPLE:
    globals()[_name] = cast.person_fixture(_name)


@pytest.fixture(autouse=True)
def no_stray_outbox(tmp_path, settings) -> None:
    settings.OUTBOX_DIR = tmp_path / "outbox"
    settings.AUDIT_ANCHOR_FILE = tmp_path / "audit-anchor.log"


os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")  # playwright runs a loop in this thread; our code has none
