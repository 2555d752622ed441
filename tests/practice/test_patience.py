"""What serves waits for PostgreSQL so long and no longer; who reads gets a calm page, never a blank one."""

import contextlib
import importlib
import os
import subprocess
import sys

import pytest
from django.conf import settings as live_settings
from django.db import DataError, connection, connections, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from practice import patience
from practice.availability import first_free, offer
from practice.models import Appointment
from tests import cast
from tests.limits import wait_until
from tests.waiting import PATIENCE, beside

NAMES = ("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout")


@pytest.fixture
def limited(committed_db, monkeypatch):
    """A process that serves: what it changes in its connections is put back."""
    options = connections.settings["default"]["OPTIONS"]
    monkeypatch.setitem(options, "options", options["options"])
    yield
    connections.close_all()


def limits() -> list[str]:
    with connection.cursor() as cursor:
        return [cursor.execute(f"SHOW {name}").fetchone()[0] for name in NAMES]


def test_a_connection_has_no_limits_until_the_process_serves(limited):
    assert limits() == ["0", "0", "0"]
    for _time in range(2):
        patience.set_limits()
        assert limits() == ["10s", "30s", "1min"]


def test_the_web_process_has_them(limited):
    from practice import wsgi  # noqa: PLC0415  (it acts when it is loaded)

    importlib.reload(wsgi)
    assert limits() == ["10s", "30s", "1min"]


def test_worker_and_beat_have_them(limited):
    from practice.celery import end_on_the_wrong_database  # noqa: PLC0415  (as above)

    end_on_the_wrong_database()
    assert limits() == ["10s", "30s", "1min"]


def test_the_environment_may_say_others():
    program = "from practice import settings; print(*settings.SERVING_LIMITS.values())"
    environ = os.environ | {"STATEMENT_TIMEOUT": "2min", "LOCK_TIMEOUT": "5s"}
    done = subprocess.run([sys.executable, "-c", program], env=environ, capture_output=True, text=True, timeout=60)
    assert done.stdout.split() == ["5s", "2min", "60s"], done.stderr


def locked_table() -> None:
    with connection.cursor() as cursor:
        cursor.execute("LOCK TABLE practice_therapist IN ACCESS EXCLUSIVE MODE")


@pytest.mark.parametrize("limit", ["statement_timeout", "lock_timeout"])
def test_a_page_that_takes_too_long_is_answered_calmly(limited, monkeypatch, limit):
    people = cast.everyone()
    monkeypatch.setitem(live_settings.SERVING_LIMITS, limit, "100ms")
    patience.set_limits()
    client = Client(raise_request_exception=False)
    page = reverse("practice:therapist-detail", args=[people.therapist.therapist.slug])
    with beside() as other:
        first, let_go = other.keep(locked_table)
        answer = client.get(page)
        let_go()
        first.result(PATIENCE)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
    assert "We are slow just now" in answer.text
    assert "988" in answer.text
    assert client.get(page).status_code == 200, "the connection is good again"


def locked_sessions() -> None:
    """Sign-ins can be read and not saved."""
    with connection.cursor() as cursor:
        cursor.execute("LOCK TABLE django_session IN SHARE MODE")


def test_the_page_does_not_deny_what_was_saved_before_it_became_slow(limited, monkeypatch):
    """The time is held and committed; the browser session, saved after it, is what takes too long."""
    slug = cast.everyone().therapist.therapist.slug
    slot = first_free(offer(slug=slug, modality="video"), 1, now=timezone.now())[0]
    monkeypatch.setitem(live_settings.SERVING_LIMITS, "lock_timeout", "1s")
    patience.set_limits()
    client = Client(raise_request_exception=False)
    wish = {"therapist": slug, "way": "video", "starts": slot.starts_at.isoformat()}
    with beside() as other:
        first, let_go = other.keep(locked_sessions)
        answer = client.post(reverse("practice:hold-create"), wish)
        let_go()
        first.result(PATIENCE)
    assert answer.status_code == 503
    assert Appointment.objects.filter(starts_at=slot.starts_at, status="held").exists()
    assert "Nothing was changed" not in answer.text
    assert "we cannot tell whether it was saved" in answer.text
    assert "look before you send it again" in answer.text


def test_a_transaction_at_rest_is_ended(limited, monkeypatch):
    """The next page of the same process has a connection that works."""
    monkeypatch.setitem(live_settings.SERVING_LIMITS, "idle_in_transaction_session_timeout", "100ms")
    patience.set_limits()
    ended = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in%'"
    with beside() as other:
        first, let_go = other.keep(cast.clinic)

        def none_left() -> bool:
            with connection.cursor() as cursor:
                return cursor.execute(ended).fetchone()[0] == 0

        wait_until(none_left, "the server to end it", PATIENCE)
        let_go()
        assert first.exception(PATIENCE) is not None
    assert Client().get(reverse("practice:healthz")).status_code == 200


def none_is(pid: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_stat_activity WHERE pid = %s", [pid])
        return cursor.fetchone() is None


def test_a_page_that_rested_in_its_transaction_is_answered_calmly(limited, monkeypatch):
    """The server ends it, and the page's next statement finds out."""
    cast.clinic()
    monkeypatch.setitem(live_settings.SERVING_LIMITS, "idle_in_transaction_session_timeout", "100ms")
    patience.set_limits()
    client = Client(raise_request_exception=False)
    page = reverse("practice:fees")

    def rest(*_args, **_kwargs) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            pid = cursor.execute("SELECT pg_backend_pid()").fetchone()[0]
            other.begin(wait_until, lambda: none_is(pid), "the server to end it", PATIENCE).result(PATIENCE)
            cursor.execute("SELECT 1")

    with beside() as other, monkeypatch.context() as patched:
        patched.setattr("practice.views.page.render", rest)
        answer = client.get(page)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
    assert "We are slow just now" in answer.text
    assert client.get(page).status_code == 200, "the next page has a new connection"


def test_any_other_fault_is_ours_and_says_so(client, clinic, monkeypatch):
    client.raise_request_exception = False
    monkeypatch.setattr("practice.views.page.render", lambda *_args, **_kwargs: 1 / 0)
    answer = client.get(reverse("practice:fees"))
    assert answer.status_code == 500
    assert "Something went wrong on our side" in answer.text


def test_another_fault_inside_the_database_is_no_matter_of_patience(client, clinic, monkeypatch):
    client.raise_request_exception = False

    def cast_away(*_args, **_kwargs) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            with contextlib.suppress(DataError):
                cursor.execute("SELECT 1 / 0")
            connection.needs_rollback = False
            cursor.execute("SELECT 1")  # psycopg's InFailedSqlTransaction, also an InternalError

    monkeypatch.setattr("practice.views.page.render", cast_away)
    assert client.get(reverse("practice:fees")).status_code == 500
