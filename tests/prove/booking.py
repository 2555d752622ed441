"""The long proof of booking: fifty browsers race for one time, twenty rounds, with two and with four web workers.

Every round one booking, all others the clear page with what was typed, nothing worse, no overlap in the rows and no
deadlock in PostgreSQL's own count. Afterwards the same race without locks and constraints, which has to find double
bookings.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg

from tests.limits import ROOT, free_port, limit_process, run_saying, wait_for_site
from tests.prove.databases import fresh_database

DATABASE = "evenkeel_prove_booking"
RACERS, ROUNDS, CONTROL_ROUNDS = 50, 20, 3
WORKERS = (2, 4)
PATIENCE = 60.0
LIMIT = 1800.0  # seconds for one database and all its races
SLOW = 0.5  # seconds; reported, the counts are the hard bar
Say = Callable[[str], None]


def main(say: Say = print, *, racers: int = RACERS, rounds: int = ROUNDS) -> int:
    """Every race with two and with four workers, and the control; 0 if everything held."""
    held = [run(say, "locked", racers, rounds, workers) for workers in WORKERS]
    held.append(run(say, "control", racers, CONTROL_ROUNDS, WORKERS[0]))
    return 0 if all(held) else 1


def run(say: Say, kind: str, racers: int, rounds: int, workers: int) -> bool:
    """One database, one server, all races, in a process of its own; says what it printed and whether it held."""
    with fresh_database(DATABASE, os.environ) as environ, tempfile.TemporaryDirectory() as folder:
        environ |= {
            "EVENKEEL_DEMO": "1",
            "STATIC_MANIFEST": "0",
            "TRUSTED_PROXIES": "1",
            "OUTBOX_DIR": folder,
            "PYTHONUNBUFFERED": "1",
        }
        program = [sys.executable, "-m", "tests.prove.booking", kind, str(racers), str(rounds), str(workers)]
        return run_saying(say, program, environ, LIMIT) == 0


# -- In the child: Django, the server, the racers ----------------------------------------------------------
def work(kind: str, count: int, rounds: int, workers: int) -> int:
    import django  # noqa: PLC0415  (the parent needs none of it, and its environment names another database)

    django.setup()
    from django.db import connection  # noqa: PLC0415

    from tests import races  # noqa: PLC0415
    from tests.racers import Racers  # noqa: PLC0415

    if kind == "control":
        with psycopg.connect(os.environ["MIGRATE_DATABASE_URL"], autocommit=True) as owner:
            for guard in ("therapist_is_free", "room_is_free", "patient_is_free"):
                owner.execute(f"ALTER TABLE practice_appointment DROP CONSTRAINT {guard}")
    application = "tests.prove.unlocked" if kind == "control" else "practice.wsgi"
    with served(application, workers) as url, Racers(url, count) as racers:
        arena = races.arena(racers, count)
        with connection.cursor() as cursor:
            cursor.execute("SHOW fsync")
            print(f"{count} racers with connections of their own, {workers} web workers, none is killed")
            print(f"  SHOW fsync: {cursor.fetchone()[0]}")
        if kind == "control":
            return control(races, arena, rounds)
        return full(races, arena, rounds)


def full(races, arena, rounds: int) -> int:
    """All races; 0 if every round had one winner, every loser the clear page, and the database saw no deadlock."""
    began = time.monotonic()
    results = []
    for race in races.RACES.values():
        results.append(race(arena, rounds))
        print(f"  {results[-1].line()}")
    holds, forms = races.hold_then_confirm(arena, rounds)
    print(f"  {holds.line()}\n  {forms.line()}")
    good = all(result.held() for result in [*results, holds]) and forms.held(winners=arena.count)
    overlaps, deadlocks = races.overlaps(), races.deadlocks()
    slowest = max(result.slowest for result in [*results, holds, forms])
    print(f"  overlapping rows {overlaps}, deadlocks in pg_stat_database {deadlocks}")
    within = "within" if slowest <= SLOW else "OVER"
    seconds = time.monotonic() - began
    print(f"  slowest answer of all {slowest * 1000:.0f} ms ({within} {SLOW * 1000:.0f} ms), {seconds:.0f} s")
    return 0 if good and not overlaps and not deadlocks else 1


def control(races, arena, rounds: int) -> int:
    """Without locks and constraints double bookings must appear, or the races above prove nothing."""
    result = races.one_slot(arena, rounds)
    found = max(result.rows) > 1
    print(f"  control without locks and constraints: {result.line()}")
    print(
        f"  the control {'finds double bookings, as it must' if found else 'found nothing: this proof proves nothing'}"
    )
    return 0 if found else 1


@contextmanager
def served(application: str, workers: int) -> Iterator[str]:
    """Evenkeel under gunicorn on a free loopback port, as ``dev.py run`` starts it but with its own number of
    workers.
    """
    port = free_port()
    program = [
        sys.executable, "-m", "gunicorn", application, "--workers", str(workers), "--threads", "4", "--preload",
        "--bind", f"127.0.0.1:{port}", "--no-control-socket", "--log-level", "warning",
    ]  # fmt: skip
    log = tempfile.TemporaryFile()  # noqa: SIM115  (closed below, with the server)
    web = subprocess.Popen(program, cwd=ROOT, env={**os.environ, "PORT": str(port)}, stdout=log, stderr=log)
    try:
        wait_for_site(f"http://127.0.0.1:{port}/healthz", web)
        yield f"http://127.0.0.1:{port}"
    finally:
        web.terminate()
        web.wait(PATIENCE)
        log.close()


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "practice.settings")
    limit_process(LIMIT - 30)
    sys.exit(work(sys.argv[1], *(int(number) for number in sys.argv[2:])))
