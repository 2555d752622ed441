"""Many starts of Python under many environments for the price of one: a process imports what knows no settings, then
forks for each start. A fork reads its settings and loads the apps as any process of Evenkeel does.

As a program it reads starts as JSON on standard input and writes how each ended; :func:`begin_all` is its caller.
"""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Sequence
from typing import NamedTuple

from tests.limits import ROOT

TIMEOUT = 120
# Of what Evenkeel imports, the large parts that read no setting as they are imported.
WITHOUT_SETTINGS = (
    "celery.app.base", "celery.app.task", "celery.contrib.django.task", "celery.signals", "cryptography.fernet",
    "csp.constants", "django.contrib.postgres.fields", "django.core.management", "django.core.wsgi",
    "django.db.backends.postgresql.base", "django.db.models", "django.forms", "django.template.loader", "django.test",
    "environ", "icalendar", "kombu.transport.redis", "markdown_it", "nh3", "phonenumbers", "psycopg", "redis",
    "structlog",
)  # fmt: skip


class Ended(NamedTuple):
    status: int
    out: str
    err: str


def begin_all(starts: Sequence[tuple[str, dict[str, str]]]) -> list[Ended]:
    """Run each piece of code under its environment, one after the other, each in a process that has read no setting."""
    ended = subprocess.run(
        [sys.executable, "-m", "tests.starting"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"]},
        input=json.dumps(starts),
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return [Ended(*one) for one in json.loads(ended.stdout)]


def main() -> None:
    starts = json.load(sys.stdin)
    for name in WITHOUT_SETTINGS:
        importlib.import_module(name)
    assert "practice.settings" not in sys.modules, "one set of settings would serve all starts"
    json.dump([begin(code, environ) for code, environ in starts], sys.stdout)


def begin(code: str, environ: dict[str, str]) -> Ended:
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        pid = os.fork()
        if pid == 0:
            os.dup2(out.fileno(), 1)
            os.dup2(err.fileno(), 2)
            end(code, environ)
        _pid, ended = os.waitpid(pid, 0)
        return Ended(os.waitstatus_to_exitcode(ended), said_in(out), said_in(err))


def end(code: str, environ: dict[str, str]) -> None:
    """Run the code as ``python -c`` would, and end this process as that would."""
    os.environ.clear()
    os.environ.update(environ)
    status = 0
    try:
        exec(compile(code, "<start>", "exec"), {"__name__": "__main__"})
    except SystemExit as asked:
        status = asked.code if isinstance(asked.code, int) else int(asked.code is not None)
        if isinstance(asked.code, str):
            print(asked.code, file=sys.stderr)
    except BaseException:
        traceback.print_exc()
        status = 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def said_in(file) -> str:
    file.seek(0)
    return file.read().decode()


if __name__ == "__main__":
    main()
