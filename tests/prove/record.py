"""The long proof of the record: no audit row is lost or changed unnoticed, and the role that serves cannot reach them.

Writers in processes of their own commit and roll back as the role that serves, one of them is killed with -9 in the
middle of a transaction, and another transaction stays open all the while. The sealer works beside them. Then the owner
of the tables, with every trigger switched off, edits, deletes and cuts off rows, and each has to be found.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Mapping

from tests.limits import limit_process, run_saying
from tests.prove.databases import fresh_database

DATABASE = "evenkeel_prove_record"
WRITERS, TRANSACTIONS = 8, 400
TIMEOUT = 240.0
Say = Callable[[str], None]


def main(
    say: Say = print,
    *,
    writers: int = WRITERS,
    transactions: int = TRANSACTIONS,
    environ: Mapping[str, str] | None = None,
    template: str = "",
) -> int:
    """Everything at full size over a database of its own, in a process of its own; 0 if everything held."""
    with fresh_database(DATABASE, environ or os.environ, template=template) as urls:
        with tempfile.TemporaryDirectory() as folder:
            program = [sys.executable, "-m", "tests.prove.record", str(writers), str(transactions)]
            status = run_saying(say, program, urls | {"AUDIT_ANCHOR_FILE": f"{folder}/anchors.log"}, 4 * TIMEOUT)
    return status


# -- In the process that has Django and the fresh database ------------------------------------------------------------
def prove(say: Say, writers: int, transactions: int) -> bool:
    """Every part in turn; the proofs of the notes stand beside those of the audit trail."""
    from tests.prove.notes import prove_notes  # noqa: PLC0415  (it imports models, which need a set-up Django)

    say(f"SHOW fsync: {asked('SHOW fsync')}; the pages are served as: {asked('SELECT current_user')}")
    parts = [
        lambda: sealing_under_load(say, writers, transactions),
        lambda: touched_rows_are_found(say),
        lambda: the_app_role_is_refused(say),
        lambda: prove_notes(say, sessions=2 * writers),
    ]
    return all([part() for part in parts])


def asked(statement: str):
    from django.db import connection  # noqa: PLC0415  (Django is set up by this process, not by the caller of main)

    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchone()[0]


def write_on(number: int, transactions: int, kept) -> None:
    """A writer: commits transactions of one to four rows, rolls every seventh back, and counts what it committed."""
    from django.db import transaction  # noqa: PLC0415

    from practice import audit  # noqa: PLC0415

    for turn in range(transactions):
        rows = 1 + (turn + number) % 4
        with transaction.atomic():
            for row in range(rows):
                audit.record(by=None, action=audit.Action.VIEW, obj="proof", detail={"writer": number, "row": row})
            if turn % 7 == 6:
                transaction.set_rollback(True)
        if turn % 7 != 6:
            with kept.get_lock():
                kept.value += rows


def hold_open(held) -> None:
    """A transaction that writes one row and stays open until it is killed."""
    from django.db import transaction  # noqa: PLC0415

    from practice import audit  # noqa: PLC0415

    with transaction.atomic():
        audit.record(by=None, action=audit.Action.VIEW, obj="proof that dies")
        held.set()
        time.sleep(TIMEOUT)


def seal_on(done, seals) -> None:
    from practice import sealer  # noqa: PLC0415

    while not done.is_set():
        if sealer.seal():
            with seals.get_lock():
                seals.value += 1


def start(target, *arguments):
    """A process with connections of its own."""
    from django.db import connections  # noqa: PLC0415

    connections.close_all()
    process = multiprocessing.get_context("fork").Process(target=limited, args=(target, *arguments), daemon=True)
    process.start()
    return process


def limited(target, *arguments) -> None:
    limit_process(2 * TIMEOUT)
    target(*arguments)


def sealing_under_load(say: Say, writers: int, transactions: int) -> bool:
    """Every committed row is sealed once, whatever was rolled back, killed or late."""
    from practice import sealer  # noqa: PLC0415
    from practice.models import AuditEvent, AuditSeal  # noqa: PLC0415

    forked = multiprocessing.get_context("fork")
    done, held = forked.Event(), forked.Event()
    kept, seals = forked.Value("q", 0), forked.Value("q", 0)
    began = time.monotonic()
    victim = start(hold_open, held)
    assert held.wait(TIMEOUT), "the transaction that is to stay open did not begin"
    beside = start(seal_on, done, seals)
    at_work = [start(write_on, number, transactions, kept) for number in range(writers)]
    while kept.value < writers * transactions // 2 and time.monotonic() - began < TIMEOUT:
        time.sleep(0.02)
    sealed_meanwhile = AuditSeal.objects.count()
    os.kill(victim.pid, signal.SIGKILL)
    say(f"killed -9 process {victim.pid}, which held a transaction open with 1 row; {sealed_meanwhile} seals so far")
    for process in at_work:
        process.join(TIMEOUT)
    done.set()
    beside.join(TIMEOUT)
    stuck = [process.pid for process in (*at_work, beside) if process.is_alive()]
    seal_the_rest(sealer)
    took = time.monotonic() - began
    there, last = AuditEvent.objects.count(), AuditSeal.objects.order_by("-until_xact").first()
    findings = sealer.verify()
    say(
        f"{writers} writers x {transactions} transactions in {took:.1f} s: {kept.value} rows acknowledged, {there} "
        f"there, {last.total_events} sealed by {AuditSeal.objects.count()} seals, {len(findings)} findings, "
        f"stuck: {stuck}"
    )
    return kept.value == there == last.total_events and not findings and not stuck and sealed_meanwhile == 0


def seal_the_rest(sealer) -> None:
    until = time.monotonic() + TIMEOUT
    while sealer.unsealed_count() and time.monotonic() < until:
        sealer.seal()
        time.sleep(0.05)


ATTACKS = {
    "a row is edited": "UPDATE practice_auditevent SET detail = '{\"writer\": 99}' WHERE id = (%s)",
    "a row is deleted": "DELETE FROM practice_auditevent WHERE id = (%s)",
    "its time is moved": "UPDATE practice_auditevent SET at = at - interval '1 hour' WHERE id = (%s)",
    "the last ten rows are cut off": "DELETE FROM practice_auditevent WHERE id IN "
    "(SELECT id FROM practice_auditevent ORDER BY id DESC LIMIT 10)",
    "the end is cut off with its seals": "WITH gone AS (DELETE FROM practice_auditseal WHERE from_xact >= "
    "(SELECT max(from_xact) FROM practice_auditseal) RETURNING from_xact) DELETE FROM practice_auditevent "
    "WHERE xact >= (SELECT min(from_xact) FROM gone)",
}
MIDDLE = "SELECT id FROM practice_auditevent ORDER BY id OFFSET (SELECT count(*) / 2 FROM practice_auditevent) LIMIT 1"


def touched_rows_are_found(say: Say) -> bool:
    """The owner of the tables with the triggers off: every touch contradicts a seal or an anchor."""
    held = True
    for what, statement in ATTACKS.items():
        found = findings_after(statement % MIDDLE if "%s" in statement else statement)
        say(f"{what}: {'found: ' + found[0] if found else 'NOT FOUND'}")
        held = held and bool(found)
    return held


def findings_after(statement: str) -> list[str]:
    """What verify says inside the attacker's transaction, which is then taken back."""
    from django.db import connection, connections, transaction  # noqa: PLC0415

    from practice import sealer  # noqa: PLC0415

    serving = dict(connection.settings_dict)
    connection.close()
    owner = os.environ["MIGRATE_DATABASE_URL"].partition("//")[2].partition("@")[0].partition(":")
    connections["default"].settings_dict |= {"USER": owner[0], "PASSWORD": owner[2]}
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            for table in ("practice_auditevent", "practice_auditseal"):
                cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            cursor.execute(statement)
            found = [finding.text for finding in sealer.verify()]
            transaction.set_rollback(True)
    finally:
        connection.close()
        connections["default"].settings_dict |= {name: serving[name] for name in ("USER", "PASSWORD")}
    return found


REFUSED = (
    "UPDATE practice_auditevent SET action = 'view'",
    "DELETE FROM practice_auditevent",
    "TRUNCATE practice_auditevent",
    "DELETE FROM practice_auditseal",
    "ALTER TABLE practice_auditevent DISABLE TRIGGER ALL",
    "DROP TABLE practice_auditevent CASCADE",
    "SET session_replication_role = replica",
    "INSERT INTO practice_auditevent (id, actor_roles, action, object_type, object_id, request_id, detail) "
    "VALUES (1, '', 'view', '', '', '', '{}')",
)


def the_app_role_is_refused(say: Say) -> bool:
    from django.db import DatabaseError, connection, transaction  # noqa: PLC0415

    refused = 0
    for statement in REFUSED:
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(statement)
                say(f"NOT REFUSED: {statement}")
                transaction.set_rollback(True)
        except DatabaseError:
            refused += 1
    say(f"attacks of the role that serves: {refused} of {len(REFUSED)} refused")
    return refused == len(REFUSED)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "practice.settings")
    limit_process(3 * TIMEOUT)
    import django

    django.setup()
    sys.exit(0 if prove(print, int(sys.argv[1]), int(sys.argv[2])) else 1)
