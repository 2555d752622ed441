"""What runs beside the tests leaves no process behind, even where it ignores Ctrl-C and its children all else."""

import os
import signal
import subprocess
import sys

import pytest

from tests import leaving_nothing
from tests.limits import ROOT, wait_until

CHILD = """
import os, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print(os.getpid(), flush=True)
time.sleep(300)
"""
PROGRAM = f"""
import os, signal, subprocess, sys, time
signal.signal(signal.SIGINT, signal.SIG_IGN)
subprocess.Popen([sys.executable, "-I", "-S", "-c", {CHILD!r}], start_new_session=True)
print(os.getpid(), flush=True)
time.sleep(float(sys.argv[1]))
"""


def is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.fixture
def begun(tmp_path):
    """Starts the program for some seconds; it, and the processes it has told of."""
    processes = []

    def start(seconds: float) -> tuple[subprocess.Popen, list[int]]:
        words = tmp_path / "words"
        process = leaving_nothing.begin([sys.executable, "-I", "-S", "-c", PROGRAM, str(seconds)], words)
        processes.append(process)
        wait_until(lambda: len(words.read_text().split()) == 2, "program and child are there", 30)
        return process, [int(pid) for pid in words.read_text().split()]

    yield start
    for process in processes:
        leaving_nothing.end(process)


def test_the_end_of_it_is_the_end_of_all_it_started(begun):
    process, pids = begun(300)
    leaving_nothing.end(process)
    assert process.returncode == 128 + signal.SIGTERM
    assert [pid for pid in pids if is_there(pid)] == []


def test_what_the_program_leaves_behind_by_itself_is_ended_too(begun):
    process, pids = begun(0.3)
    assert process.wait(30) == 0
    assert [pid for pid in pids if is_there(pid)] == []


STARTER = """
import sys
from pathlib import Path
from tests import leaving_nothing
leaving_nothing.begin(sys.argv[2:], Path(sys.argv[1]))
sys.stdin.read()
"""


def test_it_ends_with_whoever_started_it_even_by_a_kill(tmp_path):
    words, program = tmp_path / "words", [sys.executable, "-I", "-S", "-c", PROGRAM, "300"]
    starter = subprocess.Popen([sys.executable, "-c", STARTER, words, *program], cwd=ROOT, stdin=subprocess.PIPE)
    wait_until(lambda: words.exists() and len(words.read_text().split()) == 2, "program and child are there", 30)
    starter.kill()
    starter.wait(10)
    starter.stdin.close()
    pids = [int(pid) for pid in words.read_text().split()]
    wait_until(lambda: not any(is_there(pid) for pid in pids), "program and child are gone", 30)
