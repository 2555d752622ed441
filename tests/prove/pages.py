"""The long proof of the pages: each at both widths, each in light and in dark, with every rule of axe.

`dev.py test` walks the same pages and sees each in two of the four views.
"""

from __future__ import annotations

import os
from collections.abc import Callable

from launch import application
from tests.limits import run_saying

WALK = "tests/journeys/test_every_page.py"
TIMEOUT = 900.0  # seconds
Say = Callable[[str], None]


def main(say: Say = print) -> int:
    """The walk of each kind of person through every page, 0 if nothing is wrong; a missing browser fails it."""
    owner = {"DATABASE_URL": os.environ["MIGRATE_DATABASE_URL"], "EVENKEEL_DEMO": "1", "CI": "true"}
    walk = application.module("pytest", "-n0", "-q", "--show-capture=no", "--every-view", WALK)
    return run_saying(say, walk, os.environ | owner, TIMEOUT)
