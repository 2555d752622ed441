"""Real machinery for proofs and tests: servers, workers, beats and a mail server, all of which may be killed."""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import psycopg

from launch import application, postgres, valkey
from launch.processes import Child, complete
from tests.smtp_sink import Sink, sink

EMPTY = "evenkeel_empty"  # a copy of the migrated database in which nothing has happened


@dataclass
class Machinery:
    """One PostgreSQL, one broker, one mail server, and the processes of Evenkeel that were started."""

    folder: Path
    postgres: postgres.Server
    valkey: valkey.Server
    mail: Sink
    extra: dict[str, str] = field(default_factory=dict)
    children: list[Child] = field(default_factory=list)

    @property
    def logs(self) -> Path:
        return self.folder / "log"

    @property
    def environ(self) -> dict[str, str]:
        given = {
            "DATABASE_URL": self.postgres.url(postgres.APP),
            "MIGRATE_DATABASE_URL": self.postgres.url(postgres.OWNER),
            "REDIS_URL": self.valkey.url(),
            "EMAIL_GATEWAY": "smtp",
            "EMAIL_URL": f"smtp://127.0.0.1:{self.mail.port}",
            "AUDIT_ANCHOR_FILE": str(self.folder / "audit-anchor.log"),
            "OUTBOX_DIR": str(self.folder / "outbox"),
        }
        return application.environ(given | self.extra)

    def migrate(self) -> None:
        owner = self.environ | {"DATABASE_URL": self.postgres.url(postgres.OWNER)}
        assert complete(application.manage("migrate", "-v0"), environ=owner, folder=application.ROOT) == 0

    def start(self, *children: Child) -> None:
        for child in children:
            child.start()
            if child not in self.children:
                self.children.append(child)

    def worker(self, name: str = "worker") -> Child:
        return application.worker(self.environ, name=name, logs=self.logs)

    def beat(self, name: str = "beat") -> Child:
        return application.beat(self.environ, name=name, logs=self.logs)

    def loop(self, name: str = "loop") -> Child:
        return application.loop(self.environ, name=name, logs=self.logs)

    def kill(self, child: Child) -> int:
        """kill -9 of a process with everything it started, as the memory killer or a power cut would; its pid."""
        pid = child.pid
        os.killpg(pid, signal.SIGKILL)
        child.process.wait(10)
        return pid

    def ask(self, sql: str, *values: object) -> list[tuple]:
        """One statement as the owner, on a connection of its own."""
        with psycopg.connect(self.postgres.url(postgres.OWNER), connect_timeout=5, autocommit=True) as connection:
            cursor = connection.execute(sql, values)
            return cursor.fetchall() if cursor.description else []

    def value(self, sql: str, *values: object) -> object:
        return self.ask(sql, *values)[0][0]

    def held(self) -> int:
        """Messages that senders hold under a lease now."""
        return self.value("SELECT count(*) FROM practice_message WHERE state = 'claimed'")

    def beats(self, name: str, since: datetime) -> bool:
        return bool(self.ask("SELECT 1 FROM practice_heartbeat WHERE name = %s AND beat_at > %s", name, since))

    def plan_reminders(self, count: int, due_at: datetime) -> None:
        program = application.module("tests.planning", str(count), due_at.isoformat())
        assert complete(program, environ=self.environ, folder=application.ROOT) == 0

    def delivered(self) -> Counter[str]:
        """Accepted mails by recipient."""
        return Counter(recipient(mail) for mail in list(self.mail.mails))

    def stop(self) -> None:
        """Stop every process of Evenkeel; the servers stay."""
        while self.children:
            self.children.pop().stop()


def recipient(mail: bytes) -> str:
    for line in mail.split(b"\r\n"):
        if line.lower().startswith(b"to:"):
            return line[3:].strip().decode()
    return ""


@contextmanager
def machinery(folder: Path, *, durable: bool, extra: dict[str, str] | None = None) -> Iterator[Machinery]:
    """Servers of our own in ``folder``, migrated and empty; everything stopped at the end."""
    database = postgres.Server(folder / "postgres", log=folder / "log" / "postgres.log", durable=durable)
    broker = valkey.Server(folder / "valkey", log=folder / "log" / "valkey.log")
    with sink() as mail:
        made = Machinery(folder, database, broker, mail, extra or {})
        try:
            database.start()
            broker.start()
            made.migrate()
            made.ask(f'CREATE DATABASE "{EMPTY}" TEMPLATE "{postgres.DATABASE}"')
            yield made
        finally:
            made.stop()
            broker.stop()
            database.stop()
