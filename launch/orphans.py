"""No process is left behind: grandchildren that lose their parent are adopted, buried when they end, or ended."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

_started: set[int] = set()
_adopting = False


def begin(program: list[str], **how) -> subprocess.Popen:
    """A process that the launcher itself waits for."""
    process = subprocess.Popen(program, **how)
    _started.add(process.pid)
    return process


def adopt_orphans() -> None:
    """Become the parent of grandchildren whose parent died, so that `end_orphans` finds them; only Linux can."""
    global _adopting
    if sys.platform == "linux":
        pr_set_child_subreaper = 36
        ctypes.CDLL(None).prctl(pr_set_child_subreaper, 1, 0, 0, 0)
        _adopting = True


def bury_orphans() -> None:
    """Reap the adopted grandchildren that have ended; what was started here is left to whoever waits for it."""
    while _adopting:
        try:
            ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:
            return
        if ended is None or ended.si_pid in _started:
            return
        os.waitpid(ended.si_pid, 0)


def end_orphans() -> None:
    """Kill and reap whatever is still a child of this process. Call it when all known children are stopped."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            pid, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            for child in children_of(os.getpid()):
                with contextlib.suppress(OSError):
                    os.kill(child, signal.SIGKILL)
            time.sleep(0.05)


def children_of(parent: int) -> list[int]:
    """The ids of the children of `parent`, from /proc; empty where there is none."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            # The name in brackets may hold anything; the fields after the last bracket are state and parent.
            if int(entry.read_text().rpartition(")")[2].split()[1]) == parent:
                found.append(int(entry.parent.name))
    return found
