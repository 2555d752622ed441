"""PostgreSQL and Valkey together and the way to them; DATABASE_URL and REDIS_URL take their place."""

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from launch import postgres, valkey
from launch.folder import VAR, in_memory
from launch.orphans import adopt_orphans, end_orphans
from launch.processes import Child, Keeper
from launch.report import Report


class Servers:
    """The servers of one purpose under `folder`; `prefix` keeps those of `test`, `bench` and `prove` apart.

    `durable=False` switches fsync off and keeps the data in memory where there is room, until the servers stop.
    `fresh=True` begins with empty ones.
    """

    def __init__(self, prefix: str = "", *, folder: Path = VAR, durable: bool = True, fresh: bool = False):
        self.postgres: postgres.Server | None = None
        self.valkey: valkey.Server | None = None
        logs = folder / "log"
        self.home = folder if durable else in_memory(folder)
        self.is_passing = self.home != folder
        for name, variable in (("postgres", "DATABASE_URL"), ("valkey", "REDIS_URL")):
            if fresh and not os.environ.get(variable):
                shutil.rmtree(self.home / f"{prefix}{name}", ignore_errors=True)
        if not os.environ.get("DATABASE_URL"):
            data, log = self.home / f"{prefix}postgres", logs / f"{prefix}postgres.log"
            self.postgres = postgres.Server(data, log=log, durable=durable)
        if not os.environ.get("REDIS_URL"):
            self.valkey = valkey.Server(self.home / f"{prefix}valkey", log=logs / f"{prefix}valkey.log")

    def start(self) -> None:
        for server in (self.postgres, self.valkey):
            if server:
                server.start()

    def stop(self) -> None:
        for server in (self.valkey, self.postgres):
            if server:
                server.stop()
        if self.is_passing:
            shutil.rmtree(self.home, ignore_errors=True)

    @contextlib.contextmanager
    def kept(self, report: Report) -> Iterator[Keeper]:
        """Start both, keep them running, and stop them and whatever else was kept; no process is left afterwards."""
        adopt_orphans()
        keeper = Keeper(report)
        try:
            self.start()
            keeper.keep(*self.children())
            report.done(f"{self.described()} ready")
            yield keeper
        finally:
            keeper.stop()
            self.stop()
            end_orphans()
            report.done("everything stopped")

    def children(self) -> list[Child]:
        return [server.child for server in (self.postgres, self.valkey) if server]

    def environ(self) -> dict[str, str]:
        """DATABASE_URL of the role that serves, MIGRATE_DATABASE_URL of the owner, REDIS_URL."""
        given = os.environ.get("DATABASE_URL", "")
        serving = self.postgres.url(postgres.APP) if self.postgres else given
        owner = self.postgres.url(postgres.OWNER) if self.postgres else os.environ.get("MIGRATE_DATABASE_URL", given)
        broker = self.valkey.url() if self.valkey else os.environ["REDIS_URL"]
        return {"DATABASE_URL": serving, "MIGRATE_DATABASE_URL": owner, "REDIS_URL": broker}

    def described(self) -> str:
        parts = [f"PostgreSQL {self.postgres.version}" if self.postgres else "PostgreSQL by DATABASE_URL"]
        parts.append("Valkey" if self.valkey else "Redis by REDIS_URL")
        return " and ".join(parts)
