"""From the front door to the work: enter the environment, do what was asked, turn refusals into one sentence."""

import errno
import os
import sys

from launch import environment
from launch.checking import check
from launch.processes import Interrupted, heed_signals
from launch.proving import bench, prove
from launch.report import Refusal, Report
from launch.running import run
from launch.testing import test

COMMANDS = {"run": run, "test": test, "check": check, "bench": bench, "prove": prove}
OWN_IT = "Give this folder, with var/ and .venv/, to the user who runs Evenkeel, or use a clone of your own."
CURES = {errno.EACCES: OWN_IT, errno.EPERM: OWN_IT, errno.EROFS: OWN_IT, errno.ENOSPC: "Make room on the disk."}


def open_door(command: str, arguments: list[str], started: float) -> int:
    """Do `command`; the exit status. 128 + n after signal n, as shells have it."""
    report = Report(started)
    handed_over = os.environ.pop("EVENKEEL_STARTED", "")
    if handed_over:
        report.started, report.installing = map(float, handed_over.split())
    try:
        environment.enter(command, report)
        heed_signals()
        return COMMANDS[command](arguments, report)
    except Refusal as refusal:
        print(refusal, file=sys.stderr)
        return 1
    except Interrupted as interrupted:
        return 128 + interrupted.signum
    except KeyboardInterrupt:
        return 130
    except OSError as error:
        cure = CURES.get(error.errno or 0)
        if not cure:
            raise
        print(f"Evenkeel cannot work here: {error}. {cure}", file=sys.stderr)
        return 1
