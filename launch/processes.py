"""Child processes: started with a log, ended with this process, started again when they crash, stopped for certain."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from launch.identity import Identity
from launch.orphans import begin, bury_orphans
from launch.report import Refusal, Report

TICK = 0.05
LONGEST_LOG = 20_000_000

_received: list[int] = []


class Interrupted(BaseException):
    """A signal asked this process to stop."""

    def __init__(self, signum: int):
        super().__init__(signum)
        self.signum = signum


def heed_signals() -> None:
    """From now on SIGINT, SIGTERM and SIGHUP are noted, and the next `pause` raises Interrupted.

    Nothing is raised inside the handler: it could hit between the start of a child and the note that it exists.
    """
    for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        ignored = signal.getsignal(signum) is signal.SIG_IGN
        if signum == signal.SIGHUP and ignored:
            continue  # nohup: the closed terminal is meant to be survived
        signal.signal(signum, lambda number, frame: _received.append(number))


def pause(seconds: float = TICK) -> None:
    """Wait; raises Interrupted when a signal came."""
    end = time.monotonic() + seconds
    while True:
        if _received:
            raise Interrupted(_received[0])
        left = end - time.monotonic()
        if left <= 0:
            return
        time.sleep(min(TICK, left))


class Child:
    """One program in the background, in a process group of its own, writing to its log."""

    def __init__(
        self,
        name: str,
        program: list[str],
        *,
        log: Path,
        environ: dict[str, str] | None = None,
        folder: Path = Path("/"),
        identity: Identity = Identity(),  # noqa: B008 (frozen)
        stop_signal: int = signal.SIGTERM,
        patience: float = 10,
    ):
        self.name, self.program, self.log = name, program, log
        self.environ, self.folder, self.identity = environ, folder, identity
        self.stop_signal, self.patience = stop_signal, patience
        self.process: subprocess.Popen | None = None
        self.started_at = 0.0

    @property
    def pid(self) -> int:
        """The id of the running program; 0 when it was never started."""
        return self.process.pid if self.process else 0

    def start(self) -> None:
        """Start it. Call this from a thread that lives as long as the child shall: Linux ends it with that thread."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        if self.log.exists() and self.log.stat().st_size > LONGEST_LOG:
            self.log.replace(self.log.with_suffix(".old.log"))
        with open(self.log, "ab") as log:
            self.process = begin(
                self.identity.command(self.program, self.stop_signal),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self.environ,
                cwd=self.folder,
                start_new_session=True,
            )
        self.started_at = time.monotonic()

    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def kill(self, signum: int = signal.SIGKILL) -> None:
        """Send `signum` to the program alone, as a crash would come; wait for its end after SIGKILL."""
        if self.process:
            self.process.send_signal(signum)
            if signum == signal.SIGKILL:
                self.process.wait(10)

    def clear_group(self) -> None:
        """Kill what a program that has ended left in its process group."""
        if self.process:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)

    def ask_to_stop(self) -> None:
        if self.process:
            with contextlib.suppress(ProcessLookupError):
                self.process.send_signal(self.stop_signal)

    def stop(self) -> None:
        """Ask it to stop, wait for `patience` seconds, then kill it and what it left behind."""
        self.ask_to_stop()
        self.finish(time.monotonic() + self.patience)

    def finish(self, deadline: float) -> None:
        if not self.process:
            return
        try:
            self.process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(10)
        self.clear_group()
        self.process = None

    def ending(self) -> str:
        """How it ended, in words."""
        status = self.process.returncode if self.process else 0
        return f"killed by signal {-status}" if status < 0 else f"exit status {status}"

    def last_words(self, count: int = 15) -> str:
        """The end of its log, for a message."""
        try:
            lines = self.log.read_text(errors="replace").splitlines()[-count:]
        except OSError:
            lines = []
        return "\n".join([f"The end of {self.log}:", *lines])


class Keeper:
    """Keeps children running: one that ends is started again, later each time it does not last."""

    def __init__(self, report: Report):
        self.report = report
        self.layers: list[tuple[Child, ...]] = []
        self._due: dict[Child, float] = {}
        self._delay: dict[Child, float] = {}
        self.crashes: dict[Child, int] = {}

    def keep(self, *children: Child, beside_last: bool = False) -> None:
        """Watch `children` and start those that do not run yet.

        They need the ones kept before them and so stop earlier; with `beside_last` they stop together with the last.
        """
        if beside_last:
            children = (*self.layers.pop(), *children)
        self.layers.append(children)
        for child in children:
            if not child.running():
                child.start()

    def tend(self) -> None:
        """One look at every child."""
        now = time.monotonic()
        for child in (child for layer in self.layers for child in layer):
            if child in self._due:
                if now >= self._due[child]:
                    del self._due[child]
                    child.start()
            elif not child.running():
                self._plan(child, now)
        bury_orphans()

    def _plan(self, child: Child, now: float) -> None:
        child.clear_group()
        lasted = now - child.started_at
        delay = 0.5 if lasted > 30 else min(self._delay.get(child, 0.25) * 2, 15.0)
        self._delay[child] = delay
        self._due[child] = now + delay
        self.crashes[child] = self.crashes.get(child, 0) + 1
        self.report.say(
            f"{child.name} ended ({child.ending()}); starting it again in {delay:g} s. Its log: {child.log}"
        )

    def wait_for(self, ready: Callable[[], bool], what: str, seconds: float) -> None:
        """Tend until `ready()`; Refusal with a log's last lines when a child crashes three times or time runs out."""
        deadline = time.monotonic() + seconds
        while not ready():
            self.tend()
            failing = next((child for child, count in self.crashes.items() if count >= 3), None)
            if failing:
                raise Refusal(f"{failing.name} does not start. {failing.last_words()}")
            if time.monotonic() > deadline:
                raise Refusal(
                    f"{what} was not there after {seconds:g} s; the logs say why: {self.layers[-1][0].log.parent}"
                )
            pause()

    def stop(self) -> None:
        """Stop all children: together what was kept together, the last kept first."""
        while self.layers:
            layer = self.layers.pop()
            for child in layer:
                child.ask_to_stop()
            for child in layer:
                child.finish(time.monotonic() + child.patience)


def complete(
    program: list[str],
    *,
    environ: dict[str, str],
    folder: Path,
    watch: Callable[[], None] = lambda: None,
    keyboard: bool = False,
) -> int:
    """Run `program` at the terminal to its end; its exit status. A signal to us ends it and raises Interrupted.

    With `keyboard` it stays in our process group: Ctrl-C reaches it as well, and a debugger in it can read.
    """
    process = begin(Identity().command(program), env=environ, cwd=folder, start_new_session=not keyboard)
    try:
        while process.poll() is None:
            watch()
            pause()
    except BaseException as reason:
        # After Ctrl-C at the keyboard the program has had the signal too, and may still have something to say.
        told = keyboard and isinstance(reason, Interrupted) and reason.signum == signal.SIGINT
        end(process, 5 if told else 0)
        raise
    return process.returncode


def end(process: subprocess.Popen, patience: float) -> None:
    """Wait `patience` seconds for its end, then ask for it, then force it."""
    for act, seconds in ((process.poll, patience), (process.terminate, 5), (process.kill, 10)):
        act()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
            return
