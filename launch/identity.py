"""As whom PostgreSQL runs: it refuses root, and it refuses a user id without a name."""

import os
import pwd
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from launch.folder import give
from launch.report import Refusal

THRESHOLD = Path(__file__).with_name("threshold.py")


@dataclass(frozen=True)
class Identity:
    """Who a child is: `kind` as in threshold.py, the ids it has, and the ids its files have on the disk."""

    kind: str = "self"
    uid: int = 0
    gid: int = 0

    def command(self, program: list[str], stop_signal: int = signal.SIGTERM) -> list[str]:
        """The command line that starts `program` as this identity, ending with this process."""
        numbers = (self.uid, self.gid, os.getpid(), int(stop_signal))
        return [sys.executable, "-I", "-S", str(THRESHOLD), self.kind, *map(str, numbers), *program]

    def claim(self, path: Path) -> None:
        """Make the tree at `path` belong to this identity, where we may."""
        own_files = self.kind in ("self", "namespace")
        give(path, os.geteuid() if own_files else self.uid, os.getegid() if own_files else self.gid)

    def can_use(self, initdb: Path, folder: Path) -> bool:
        """Whether PostgreSQL accepts this identity, and it can run the programs and enter `folder`."""
        # --show looks for its own and the server's program and for the user's name, prints, and makes nothing.
        script = '"$1" --show -D "$2/none" && cd "$2"'
        command = self.command(["/bin/sh", "-c", script, "sh", str(initdb), str(folder)])
        return (
            subprocess.run(command, cwd="/", stdin=subprocess.DEVNULL, capture_output=True, timeout=60).returncode == 0
        )


def candidates(wanted: str) -> Iterator[Identity]:
    """Identities to try in order; `wanted` (a kind) narrows them down, for tests and for odd machines."""
    people = {person.pw_name: person for person in pwd.getpwall() if person.pw_uid != 0}
    somebody = people.get("postgres") or people.get("nobody")
    if os.geteuid() != 0 and has_name():
        yield Identity()
        return
    nobody = people.get("nobody") or somebody
    kinds = []
    if nobody:
        kinds.append(Identity("namespace", nobody.pw_uid, nobody.pw_gid))
    if somebody and os.geteuid() == 0:
        kinds += [Identity(kind, somebody.pw_uid, somebody.pw_gid) for kind in ("user", "reaching")]
    yield from (identity for identity in kinds if wanted in ("", identity.kind))


def has_name() -> bool:
    try:
        pwd.getpwuid(os.geteuid())
    except KeyError:
        return False
    return True


def find_identity(programs: Path, folder: Path) -> Identity:
    """The first identity that can run PostgreSQL from the folder `programs` and keep its data in `folder`."""
    for identity in candidates(os.environ.get("APP_PG_AS", "")):
        if identity.kind == "self" or identity.can_use(programs / "initdb", folder):
            return identity
    if os.geteuid() == 0:
        raise Refusal(
            f"PostgreSQL does not run as root, and no other user may use {programs} and {folder} here;"
            " start Evenkeel as an ordinary user, or name a PostgreSQL of your own in DATABASE_URL."
        )
    raise Refusal(
        f"The user id {os.geteuid()} has no name on this machine (no line in /etc/passwd), and PostgreSQL does not run"
        " without one; start Evenkeel as a user with a name, or name a PostgreSQL of your own in DATABASE_URL."
    )
