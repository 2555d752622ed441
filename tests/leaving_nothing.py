"""Runs a program beside the tests and leaves nothing of it behind: `python -m tests.leaving_nothing PROGRAM [...]`.

Whatever the program starts, in process groups of its own or not, is ended when the program has ended, when this process
is asked to end, and when whoever started this process is gone.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from launch.identity import Identity
from launch.orphans import adopt_orphans, bury_orphans, end_orphans
from launch.processes import Interrupted, complete, heed_signals
from tests.limits import ROOT


def begin(program: Sequence[str], words: Path) -> subprocess.Popen:
    """Start the program, what it says in the file ``words``; :func:`end` ends it."""
    ours = Identity().command([sys.executable, "-m", "tests.leaving_nothing", *program])
    with words.open("w") as file:
        return subprocess.Popen(ours, cwd=ROOT, stdout=file, stderr=subprocess.STDOUT, start_new_session=True)


def end(process: subprocess.Popen) -> None:
    """End what :func:`begin` started, with all that it started in its turn."""
    process.terminate()
    process.wait(60)


def main() -> int:
    heed_signals()
    adopt_orphans()
    try:
        return complete(sys.argv[1:], environ=dict(os.environ), folder=ROOT, watch=bury_orphans)
    except Interrupted as interrupted:
        return 128 + interrupted.signum
    finally:
        end_orphans()


if __name__ == "__main__":
    sys.exit(main())
