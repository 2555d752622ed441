"""Waits that end: each has a limit, and where it is reached every thread says where it stands."""

from __future__ import annotations

import faulthandler
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PATIENCE = 120.0  # seconds


class TooSlow(Exception):
    """A wait ended without what it waited for."""


def wait_until(true: Callable[[], bool], what: str, seconds: float = PATIENCE) -> float:
    """Wait for a state of the world; returns the seconds it took. Raises TooSlow."""
    began = time.monotonic()
    while not true():
        if time.monotonic() - began > seconds:
            faulthandler.dump_traceback(sys.__stderr__)
            raise TooSlow(f"{what}: not within {seconds:g} s")
        time.sleep(0.02)
    return time.monotonic() - began


def wait_for_site(url: str, web: subprocess.Popen, seconds: float = 60.0) -> None:
    """Wait until ``url`` answers. Raises TooSlow, and at once where the server has ended."""

    def answers() -> bool:
        if web.poll() is not None:
            raise TooSlow(f"the server of {url} ended with status {web.returncode}")
        try:
            urllib.request.urlopen(url, timeout=5).close()
        except OSError:
            return False
        return True

    wait_until(answers, url, seconds)


def free_port() -> int:
    """A port of the loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def limit_process(seconds: float) -> None:
    """End this process after so many seconds, with the stacks of its threads on stderr.

    By an alarm and not by faulthandler's own clock: that is a thread, and a process forked beside it waits for ever.
    """
    faulthandler.register(signal.SIGALRM, all_threads=True, chain=True)
    signal.setitimer(signal.ITIMER_REAL, seconds)


def run_saying(say: Callable[[str], None], program: Sequence[str], environ: dict[str, str], seconds: float) -> int:
    """Run a program and say its lines as they come; its exit status. After ``seconds`` it is killed."""
    child = subprocess.Popen(program, cwd=ROOT, env=environ, stdout=subprocess.PIPE, text=True)
    alarm = threading.Timer(seconds, child.kill)
    alarm.start()
    try:
        for line in child.stdout:
            say(line.rstrip())
        status = child.wait(10)
    finally:
        alarm.cancel()
        child.kill()
        child.stdout.close()
    if status == -9:
        say(f"killed after {seconds:g} s: it did not end")
    return status
