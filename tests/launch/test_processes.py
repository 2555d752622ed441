"""Children are started again when they crash, and none is left behind, however the launcher ends."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from launch.folder import ROOT
from launch.processes import Child, Keeper
from launch.report import Refusal, Report

SECONDS = 20


@pytest.fixture
def child(tmp_path):
    """Makes children that are stopped at the end of the test."""
    made = []

    def make(script: str, name: str = "sleeper", **how) -> Child:
        made.append(Child(name, ["/bin/sh", "-c", script], log=tmp_path / f"{name}.log", patience=2, **how))
        return made[-1]

    yield make
    for one in made:
        one.stop()


def wait_until(condition, what: str) -> None:
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not happen within {SECONDS} s"
        time.sleep(0.02)


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):  # the second when it ended between the opening and the reading
        return False
    return state != "Z"


def test_killed_child_is_started_again_and_a_line_says_so(child, capsys):
    keeper, sleeper = Keeper(Report()), child("exec sleep 100")
    keeper.keep(sleeper)
    first = sleeper.pid
    sleeper.kill()

    def again() -> bool:
        keeper.tend()
        return sleeper.running() and sleeper.pid != first

    wait_until(again, "the second start")
    assert "sleeper ended (killed by signal 9); starting it again in 0.5 s" in capsys.readouterr().out
    keeper.stop()
    assert not sleeper.running()


def test_child_that_does_not_last_is_started_later_each_time(child, capsys):
    keeper, failing = Keeper(Report()), child("exit 3", "failing")
    keeper.keep(failing)

    def thrice() -> bool:
        keeper.tend()
        return keeper.crashes.get(failing, 0) >= 3

    wait_until(thrice, "the third crash")
    said = capsys.readouterr().out
    assert [f"starting it again in {delay} s" in said for delay in ("0.5", "1", "2")] == [True, True, True]


def test_child_that_never_starts_is_reported_with_its_last_words(child):
    keeper, failing = Keeper(Report()), child("echo no such table >&2; exit 3", "failing")
    keeper.keep(failing)
    with pytest.raises(Refusal, match=r"failing does not start[\s\S]*no such table"):
        keeper.wait_for(lambda: False, "the page", SECONDS)


def test_child_that_ignores_the_request_is_killed(child):
    stubborn = child("trap '' TERM; echo up; while :; do sleep 0.1; done", "stubborn")
    stubborn.start()
    wait_until(lambda: "up" in stubborn.log.read_text(), "the start")
    pid = stubborn.pid
    stubborn.stop()
    assert not alive(pid)


def test_what_a_crashed_child_left_in_its_group_is_ended_before_it_starts_again(child):
    parent = child("sleep 1000 & echo $!; wait", "parent")
    keeper = Keeper(Report())
    keeper.keep(parent)
    wait_until(lambda: parent.log.read_text().strip().isdecimal(), "the grandchild")
    grandchild = int(parent.log.read_text())
    parent.kill()
    keeper.tend()
    wait_until(lambda: not alive(grandchild), "the end of the grandchild")
    keeper.stop()


LAUNCHER = """
import sys
from pathlib import Path
from launch.orphans import adopt_orphans, end_orphans
from launch.processes import Child, Interrupted, Keeper, heed_signals, pause
from launch.report import Report

heed_signals()
adopt_orphans()
keeper, log = Keeper(Report()), Path(sys.argv[1])
# One child, and a grandchild that leaves the group and the session as a daemon would.
child = Child("child", ["/bin/sh", "-c", "setsid sleep 1000 & echo $!; exec sleep 1000"], log=log)
try:
    keeper.keep(child)
    print(child.pid, flush=True)
    while True:
        keeper.tend()
        pause(0.1)
except Interrupted as interrupted:
    sys.exit(128 + interrupted.signum)
finally:
    keeper.stop()
    end_orphans()
"""


@pytest.fixture
def launcher(tmp_path):
    """A launcher in a process of its own, with the ids of its child and of its runaway grandchild."""
    log = tmp_path / "child.log"
    process = subprocess.Popen(
        [sys.executable, "-c", LAUNCHER, str(log)], cwd=ROOT, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    child = int(process.stdout.readline())
    wait_until(lambda: log.exists() and log.read_text().strip().isdecimal(), "the grandchild")
    grandchild = int(log.read_text())
    yield process, child, grandchild
    for pid in (process.pid, child, grandchild):
        if alive(pid):
            os.kill(pid, signal.SIGKILL)
    process.wait(SECONDS)
    process.stdout.close()


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signal_stops_everything_and_leaves_no_process(launcher, signum):
    process, child, grandchild = launcher
    process.send_signal(signum)
    assert process.wait(SECONDS) == 128 + signum
    assert [alive(child), alive(grandchild)] == [False, False]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells children that their parent was killed")
def test_children_end_with_a_launcher_that_was_killed(launcher):
    process, child, _ = launcher
    process.kill()
    wait_until(lambda: not alive(child), "the end of the child")
