"""Who works in this folder: one `run` at a time, one `test` at a time, and so on, known by a locked file."""

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator

from launch.folder import VAR, private
from launch.report import Refusal


@contextlib.contextmanager
def hold(name: str, where: str = "") -> Iterator[None]:
    """Hold the folder for `dev.py NAME`; Refusal that says who holds it otherwise. The lock ends with this process."""
    private(VAR)
    with open(VAR / f"{name}.lock", "a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.seek(0)
            raise Refusal(
                f"dev.py {name} already works in this folder: {file.read().strip() or 'it is just starting'}."
                " Stop it there with Ctrl-C, or use another clone."
            ) from None
        file.truncate(0)
        file.write(f"process {os.getpid()}, since {time.strftime('%H:%M')}{where}\n")
        file.flush()
        yield
