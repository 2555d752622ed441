"""The project folder: where things lie in it, and folders short enough to hold a socket."""

import hashlib
import os
import stat
from pathlib import Path

from launch.report import Refusal

ROOT = Path(__file__).resolve().parent.parent
VAR = ROOT / "var"

# A socket's address holds 107 bytes on Linux and 103 on macOS.
LONGEST_SOCKET = 103
SHARED_MEMORY = Path("/dev/shm")


def private(path: Path) -> Path:
    """Make `path` (and what leads to it) a folder only its owner may enter."""
    path.mkdir(parents=True, exist_ok=True)
    if stat.S_IMODE(path.stat().st_mode) != 0o700:
        path.chmod(0o700)
    return path


def for_socket(home: Path, name: str) -> Path:
    """The folder for the socket `name`: `home` itself, or a short private one in /tmp where the path is too long.

    So it is for a path with a comma, which PostgreSQL's clients take for a list of hosts.
    """
    if len(os.fsencode(home / name)) <= LONGEST_SOCKET and "," not in str(home):
        return home
    short = under_own_name(Path("/tmp"), home)
    if not short:
        raise Refusal(
            "A folder in /tmp that we need belongs to somebody else, and the path of this folder is too long for a"
            " socket; move Evenkeel to a shorter path."
        )
    return short


def in_memory(home: Path, room: int = 2**31) -> Path:
    """Where data that need not outlive its server lies: in /dev/shm if that has `room` bytes, else `home` itself.

    On some file systems a file takes the longer to make the more were removed before it, which is what tests do that
    have databases of their own.
    """
    try:
        there = os.statvfs(SHARED_MEMORY)
    except OSError:
        return home
    if there.f_bavail * there.f_frsize < room or not os.access(SHARED_MEMORY, os.W_OK):
        return home
    return under_own_name(SHARED_MEMORY, home) or home


def under_own_name(place: Path, home: Path) -> Path | None:
    """A private folder in `place`, the same for the same `home` each time; None where the name is somebody else's."""
    folder = place / f"evenkeel-{os.geteuid()}-{hashlib.sha256(os.fsencode(home)).hexdigest()[:12]}"
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        # Someone else could have laid a folder or a link of that name there first.
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or (os.geteuid() != 0 and found.st_uid != os.geteuid()):
            return None
        folder.chmod(0o700)
    return folder


def give(path: Path, uid: int, gid: int) -> None:
    """Hand the tree at `path` to `uid`; only root can, and only when the owner differs."""
    if os.geteuid() != 0 or path.lstat().st_uid == uid:
        return
    for parent, folders, files in os.walk(path):
        for name in (*folders, *files):
            os.lchown(os.path.join(parent, name), uid, gid)
    os.lchown(path, uid, gid)
