"""Fixtures for every test: the cast, the database that may commit, the served site."""

import faulthandler
import fcntl
import gc
import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import IO

import pytest
from django.conf import settings
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.db import DatabaseError, connection, connections
from django.test import Client
from django.test.testcases import LiveServerThread
from django.utils import timezone

from practice import presence
from tests import cast
from tests.limits import wait_until

pytest_plugins = ["tests.browser"]  # chromium, page_for

settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
settings.STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
settings.WHITENOISE_AUTOREFRESH = True
settings.PRACTICE_FACTS_SECONDS = 0  # so that a page costs the same queries in every test
DATABASE_OUTSIDE_TESTS = connection.settings_dict["NAME"]
faulthandler.enable()


# Those that wait or work longest begin first, so that both workers end together.
LONGEST = ("test_machinery.py", "test_every_page.py", "test_access.py", "test_demo.py", "test_settings.py")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--every-view", action="store_true", help="look at every page in all four views, not in two")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    def turn(item: pytest.Item) -> int:
        if item.path.name in LONGEST:
            return LONGEST.index(item.path.name)
        return len(LONGEST) + (item.get_closest_marker("browser") is None)

    items.sort(key=turn)


def pytest_collection_finish() -> None:
    """What was imported stays to the end: the collector need not look through it again and again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def migrated_template(
    django_test_environment, django_db_blocker, tmp_path_factory, testrun_uid, worker_id
) -> Iterator[str]:
    """The name of the migrated database that every other one is cloned from, made once for all pytest workers."""
    name = f"test_{DATABASE_OUTSIDE_TESTS}_template"
    folder = tmp_path_factory.getbasetemp() if worker_id == "master" else tmp_path_factory.getbasetemp().parent
    users = folder / f"template-{testrun_uid}"  # one mark for every worker that uses it
    with django_db_blocker.unblock(), alone(users) as file:
        if not file.read():
            migrate(name)
        file.write("x")
    yield name
    with django_db_blocker.unblock(), alone(users) as file:
        marks = file.read()
        file.truncate(0)
        file.write(marks[1:])
        if not marks[1:]:
            run_sql(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@contextmanager
def alone(path: Path) -> Iterator[IO[str]]:
    """The open file, which no other worker has meanwhile."""
    with open(path, "a+") as file:
        wait_until(lambda: locked(file), f"the other worker has done with {path.name}")
        file.seek(0)
        yield file


def locked(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def migrate(name: str) -> None:
    """Make the database ``name`` by all migrations."""
    connection.settings_dict["TEST"]["NAME"] = name
    gc.disable()  # migrating makes every model anew at each step; collecting them is a quarter of the time
    try:
        connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    finally:
        gc.enable()
        point_at(DATABASE_OUTSIDE_TESTS)


def point_at(name: str) -> None:
    connections.close_all()
    connections.databases["default"]["NAME"] = connection.settings_dict["NAME"] = name


@pytest.fixture(scope="session")
def django_db_setup(migrated_template, django_db_blocker, worker_id) -> Iterator[None]:
    """The database of this worker, for tests that roll back."""
    name = f"test_{DATABASE_OUTSIDE_TESTS}" + (f"_{worker_id}" if worker_id != "master" else "")
    with django_db_blocker.unblock(), cloned(migrated_template, name):
        yield


@pytest.fixture
def committed_db(migrated_template, django_db_blocker) -> Iterator[str]:
    """A database of its own, cloned from the template and dropped afterwards; commits are real, triggers stay on.

    A flush after the test is impossible here by design: tables refuse TRUNCATE (architecture.md 8).
    """
    name = f"test_{DATABASE_OUTSIDE_TESTS[:40]}_{uuid.uuid4().hex[:8]}"
    with django_db_blocker.unblock(), cloned(migrated_template, name):
        yield name


@contextmanager
def cloned(template: str, name: str) -> Iterator[None]:
    """Within it the connection is to ``name``, a new copy of ``template``."""
    before = connection.settings_dict["NAME"]
    connections.close_all()
    # Copied file by file, which costs less than to write each page through the log, as is the default.
    copied = f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY FILE_COPY'
    run_sql(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)', copied)
    point_at(name)
    try:
        yield
    finally:
        point_at(before)
        wait_until(lambda: dropped(name), f"{name} is dropped", 30)


def dropped(name: str) -> bool:
    """Drop a database; not yet, where the server itself is at work in it, whom its owner may not send away."""
    try:
        run_sql(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    except (DatabaseError, RuntimeWarning):  # Django warns where it cannot tell such an error from a lost server
        return False
    return True


def run_sql(*statements: str) -> None:
    """Run statements outside any transaction, on the server's maintenance database."""
    with connection._nodb_cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


class SiteThread(LiveServerThread):
    def _create_server(self, connections_override=None):
        server = super()._create_server(connections_override)
        server.serve_forever = partial(server.serve_forever, poll_interval=0.02)  # half a second to end is too long
        return server


@pytest.fixture
def served(committed_db) -> Iterator[str]:
    """The address of the site, served by threads of this process from the committed database."""
    server = SiteThread("localhost", StaticFilesHandler, connections_override={})
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


@pytest.fixture(scope="session")
def own_folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("own")


@pytest.fixture(autouse=True)
def no_stray_outbox(own_folder, settings) -> None:
    """Files of no other test; a folder is made when somebody writes, which most never do."""
    folder = own_folder / uuid.uuid4().hex
    settings.OUTBOX_DIR = folder / "outbox"
    settings.AUDIT_ANCHOR_FILE = folder / "audit-anchor.log"


os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")  # playwright runs a loop in this thread; our code has none
