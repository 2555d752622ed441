"""What the launcher tells the person at the terminal: steps with their times, and refusals in one sentence."""

import os
import sys
import time


class Refusal(Exception):
    """The launcher cannot go on; the text says why and what cures it."""


class Report:
    """Lines with the seconds since the start; never fails when the terminal has gone."""

    def __init__(self, started: float | None = None, installing: float = 0.0):
        self.started = time.time() if started is None else started
        self.installing = installing

    def seconds(self) -> float:
        return time.time() - self.started

    def say(self, text: str = "") -> None:
        try:
            print(text, flush=True)
        except OSError:
            # The terminal was closed: what follows (stopping the servers) must still happen, without a reader.
            sys.stdout = open(os.devnull, "w")  # noqa: SIM115 (lives as long as the process)

    def done(self, what: str) -> None:
        self.say(f"  {self.seconds():6.1f} s  {what}")

    def times(self) -> str:
        own = self.seconds() - self.installing
        return f"ready in {self.seconds():.1f} s (download and install {self.installing:.1f} s, own work {own:.1f} s)"
