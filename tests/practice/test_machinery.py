"""The real machinery, small: many writers, a worker, beats, the loop, and a broker that is gone.

`dev.py prove messages` runs the same at full size.
"""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest

from launch import application, ports
from tests import leaving_nothing
from tests.limits import wait_until
from tests.machinery import EMPTY, Machinery, machinery
from tests.prove import messages as proof
from tests.prove import record

pytestmark = pytest.mark.servers


class Kills(NamedTuple):
    process: subprocess.Popen
    words: Path


@pytest.fixture(scope="module")
def kills(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kills]:
    """The proof that kills worker, broker and database, small and with servers of its own, in a process beside the
    tests: most of it is waiting until leases end.
    """
    folder = tmp_path_factory.mktemp("kills")
    words = folder / "words"
    process = leaving_nothing.begin([sys.executable, "-m", "tests.prove.messages", str(folder), "45"], words)
    yield Kills(process, words)
    leaving_nothing.end(process)


@pytest.fixture(scope="module")
def servers(tmp_path_factory, kills) -> Iterator[Machinery]:
    """PostgreSQL with fsync on, a broker and a mail server for all tests here; a killed one is started again.

    The proof with kills is begun first and goes on beside these tests; the last of them asks for its verdict.
    """
    with machinery(tmp_path_factory.mktemp("machinery"), durable=True) as made:
        yield made


@pytest.fixture
def made(servers) -> Iterator[Machinery]:
    servers.mail.forget()
    yield servers
    servers.stop()


@pytest.fixture
def said() -> Callable[[str], None]:
    """What a proof says; pytest shows it where a test fails."""
    return lambda line: print(line, flush=True)


def test_the_record_and_the_notes_hold_under_many_writers(made, said, capsys):
    held = record.main(said, writers=3, transactions=12, environ=made.environ, template=EMPTY) == 0
    words = capsys.readouterr().out
    assert held, words
    assert "SHOW fsync: on" in words
    assert "6 processes mark 6 visits of one course at once" in words


def test_a_sender_that_marks_before_it_sends_is_found_out(made, said):
    assert proof.control(made, said, 45)


def test_the_first_mail_leaves_within_six_seconds_by_celery_alone_and_all_hearts_beat(made):
    began = datetime.now(UTC)
    made.start(made.worker(), made.beat())
    wait_until(lambda: made.beats("worker", began), "the worker's first tick", 60)
    due_at = datetime.now(UTC) + timedelta(seconds=3)
    made.plan_reminders(1, due_at)
    wait_until(lambda: made.mail.mails, "the mail", 30)
    assert timedelta(0) <= datetime.now(UTC) - due_at < timedelta(seconds=6)
    for name in ("beat", "broker", "sealer"):
        wait_until(lambda name=name: made.beats(name, began), f"the heart of {name}", 30)
    assert not made.beats("loop", began)


def test_the_loop_sends_without_a_broker_and_the_web_answers_without_one(made):
    began = datetime.now(UTC)
    made.valkey.kill()
    try:
        port = ports.next_free(8100)
        web = application.web(made.environ | {"PORT": str(port)}, port, workers=1, logs=made.logs)
        made.start(made.loop(), web)
        made.plan_reminders(3, datetime.now(UTC))
        wait_until(lambda: len(made.mail.mails) == 3, "three mails", 60)
        wait_until(lambda: application.answers(port) == 200, "readyz without a broker", 60)
        assert application.answers(port, "/healthz") == 200
        assert made.beats("loop", began)
        status, body = read(f"http://127.0.0.1:{port}/statusz", host=f"localhost:{port}")
        assert status in (200, 503)
        assert body["loop"]["light"] == "green"
    finally:
        made.valkey.start()


def test_kills_of_worker_broker_and_database_lose_nothing(kills):
    wait_until(lambda: kills.process.poll() is not None, "the proof ends", 150)
    words = kills.words.read_text()
    assert kills.process.returncode == 0, words
    assert "SHOW fsync: on" in words
    assert "delivered 45 of 45, lost 0" in words
    for name in ("worker", "Valkey", "PostgreSQL"):
        assert f"killed -9 {name} " in words


def read(url: str, host: str) -> tuple[int, dict]:
    request = urllib.request.Request(url, headers={"Host": host})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)
