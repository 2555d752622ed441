"""The audit trail: nobody changes it unnoticed, no row is lost between transactions, and every refusal is in it."""

import json
import threading
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import DatabaseError, close_old_connections, connection, transaction
from django.urls import reverse

from practice import audit, sealer
from practice.models import AuditEvent, AuditSeal, ConsentRecord, ConsentText, Heartbeat

TIMEOUT = 30


def write(count: int, **detail) -> None:
    for number in range(count):
        audit.record(by=None, action=audit.Action.VIEW, obj="week", detail={"number": number} | detail)


def settle() -> None:
    """Wait until every transaction has ended that began before now, those of other databases of the server included."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_xact_id()::text")
        now = int(cursor.fetchone()[0])
        until = time.monotonic() + TIMEOUT
        while time.monotonic() < until:
            cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text")
            if int(cursor.fetchone()[0]) > now:
                return
            time.sleep(0.05)
    raise AssertionError(f"a transaction has been open for {TIMEOUT} s")


def seal():
    settle()
    return sealer.seal()


@contextmanager
def attacker():
    """The owner of the tables with their triggers off: what the seals are there to uncover."""
    with transaction.atomic(), connection.cursor() as cursor:
        for table in ("practice_auditevent", "practice_auditseal"):
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        yield cursor
        for table in ("practice_auditevent", "practice_auditseal"):
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


@contextmanager
def second_connection():
    """Another session of the same database, not Django's, with a time-out on everything it waits for."""
    found = connection.settings_dict
    session = psycopg.connect(
        host=found["HOST"], port=found["PORT"] or None, user=found["USER"], password=found["PASSWORD"] or None,
        dbname=found["NAME"], connect_timeout=5, options="-c statement_timeout=20000",
    )  # fmt: skip
    try:
        yield session
    finally:
        session.close()


INSERT = """INSERT INTO practice_auditevent (actor_roles, action, object_type, object_id, request_id, detail)
            VALUES ('', 'view', 'week', '', '', '{}')"""


# -- Sealing ----------------------------------------------------------------------------------------------------------
def test_a_seal_covers_what_was_committed_and_is_anchored(committed_db):
    write(3)
    made = seal()
    assert (made.events, made.total_events) == (3, 3)
    assert Path(settings.AUDIT_ANCHOR_FILE).read_text() == sealer.anchor_line(made) + "\n"
    assert sealer.verify() == []
    assert Heartbeat.objects.filter(name="sealer").exists()


def test_seals_follow_each_other_and_nothing_new_makes_none(committed_db):
    write(2)
    first = seal()
    assert seal() is None
    write(1)
    second = seal()
    assert bytes(second.previous) == bytes(first.digest)
    assert (second.from_xact, second.total_events) == (first.until_xact, 3)
    assert sealer.verify() == []


def test_a_transaction_that_stays_open_loses_no_row(committed_db):
    with second_connection() as slow:
        slow.execute(INSERT)
        write(5)
        assert sealer.seal() is None, "rows above an open transaction wait"
        slow.commit()
    made = seal()
    assert made.events == 6
    assert sealer.unsealed_count() == 0
    assert sealer.verify() == []


def test_a_transaction_that_began_before_the_seal_comes_into_the_next(committed_db):
    write(2)
    settle()
    with second_connection() as slow:
        slow.execute(INSERT)
        sealed_before = sealer.seal()
        write(2)
        slow.commit()
    sealed_after = seal()
    assert [sealed_before.events, sealed_after.events] == [2, 3]
    assert sealer.verify() == []


def test_a_second_sealer_stands_back(committed_db):
    write(1)
    settle()
    with second_connection() as other:
        other.execute("SELECT pg_advisory_xact_lock(%s)", [sealer.ONE_SEALER])
        assert sealer.seal() is None
    assert seal().events == 1


def test_writers_at_work_lose_no_row(committed_db):
    """Four writers commit and roll back in transactions of different length while the sealer works beside them."""
    done = threading.Event()
    failures: list[BaseException] = []

    def writer(number: int) -> None:
        try:
            for turn in range(25):
                with transaction.atomic():
                    write(1 + (turn + number) % 4, writer=number)
                    if turn % 7 == 6:
                        transaction.set_rollback(True)
        except BaseException as error:
            failures.append(error)
        finally:
            connection.close()

    def sealing() -> None:
        try:
            while not done.is_set():
                sealer.seal()
                close_old_connections()
        except BaseException as error:
            failures.append(error)
        finally:
            connection.close()

    beside = threading.Thread(target=sealing, daemon=True)
    writers = [threading.Thread(target=writer, args=(number,), daemon=True) for number in range(4)]
    beside.start()
    for thread in writers:
        thread.start()
    for thread in writers:
        thread.join(TIMEOUT)
    done.set()
    beside.join(TIMEOUT)
    assert not failures
    assert not any(thread.is_alive() for thread in [beside, *writers])
    seal()
    assert AuditSeal.objects.order_by("-until_xact").first().total_events == AuditEvent.objects.count()
    assert sealer.verify() == []


def test_a_process_that_died_before_anchoring_leaves_the_line_to_the_next(committed_db):
    write(1)
    seal()
    Path(settings.AUDIT_ANCHOR_FILE).unlink()
    write(1)
    seal()
    assert len(Path(settings.AUDIT_ANCHOR_FILE).read_text().splitlines()) == 2
    assert sealer.verify() == []


def test_a_restore_that_restarts_transaction_numbers_is_said_plainly(committed_db):
    write(1)
    made = seal()
    with attacker() as cursor:
        cursor.execute("UPDATE practice_auditseal SET until_xact = '9000000000' WHERE id = %s", [made.pk])
    with pytest.raises(sealer.TransactionsRestarted, match="restore"):
        sealer.seal()


# -- What an attacker with the owner's rights leaves behind -----------------------------------------------------------
@pytest.fixture
def sealed(committed_db) -> None:
    for _batch in range(3):
        write(4)
        seal()


def texts() -> str:
    return "\n".join(finding.text for finding in sealer.verify())


def test_an_edited_row_is_found(sealed):
    middle = AuditEvent.objects.order_by("id")[5].pk
    with attacker() as cursor:
        cursor.execute("UPDATE practice_auditevent SET detail = '{\"number\": 99}' WHERE id = %s", [middle])
    assert "was edited" in texts()
    assert len(sealer.verify()) == 1


def test_a_deleted_row_is_found(sealed):
    middle = AuditEvent.objects.order_by("id")[5].pk
    with attacker() as cursor:
        cursor.execute("DELETE FROM practice_auditevent WHERE id = %s", [middle])
    assert "covers 4 rows, and 3 are there" in texts()


def test_a_row_slipped_in_is_found(sealed):
    with attacker() as cursor:
        cursor.execute(
            """INSERT INTO practice_auditevent (id, at, xact, actor_roles, action, object_type, object_id, request_id,
            detail) OVERRIDING SYSTEM VALUE SELECT id + 1000000, at, xact, actor_roles, 'export', object_type,
            object_id, request_id, detail FROM practice_auditevent ORDER BY id LIMIT 1"""
        )
    assert "covers 4 rows, and 5 are there" in texts()


def test_a_cut_off_end_is_found_even_with_its_seal(sealed):
    last = AuditSeal.objects.order_by("-until_xact").first()
    with attacker() as cursor:
        cursor.execute("DELETE FROM practice_auditevent WHERE xact >= %s::xid8", [str(last.from_xact)])
        cursor.execute("DELETE FROM practice_auditseal WHERE id = %s", [last.pk])
    assert "Line 3 of the anchors has no such seal" in texts()


def test_a_chain_sealed_anew_over_forged_rows_is_found(sealed):
    with attacker() as cursor:
        cursor.execute("UPDATE practice_auditevent SET actor_id = 42")
        cursor.execute("DELETE FROM practice_auditseal")
    seal()
    assert list(sealer.broken_seals()) == []
    assert "has no such seal" in texts()


def test_the_command_says_what_it_found_and_fails(sealed, capsys):
    call_command("verify_audit")
    assert "12 sealed rows are as they were written; 0 wait" in capsys.readouterr().out
    with attacker() as cursor:
        cursor.execute("DELETE FROM practice_auditevent WHERE id = (SELECT min(id) FROM practice_auditevent)")
    with pytest.raises(CommandError, match="The audit trail was touched"):
        call_command("verify_audit")


def test_two_different_rows_never_spell_the_same():
    row = (1, datetime(2026, 5, 1, tzinfo=UTC), 5)
    assert sealer.spelled((*row, "a", "b")) != sealer.spelled((*row, "a|b", ""))
    assert json.loads(sealer.spelled((*row, "a", "b")))[1] == "2026-05-01T00:00:00.000000+00:00"


# -- The role that serves has no way in -------------------------------------------------------------------------------
@pytest.fixture
def as_app_role(db):
    """Become the role that serves the pages, inside the test's transaction."""
    audit.record(by=None, action=audit.Action.VIEW, obj="week")
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL ROLE {settings.DATABASE_APP_ROLE}")
        yield cursor
        cursor.execute("RESET ROLE")


@pytest.mark.parametrize("model", [AuditEvent, AuditSeal, ConsentRecord, ConsentText], ids=lambda model: model.__name__)
@pytest.mark.parametrize(
    "attack", ["UPDATE {table} SET {column} = {column}", "DELETE FROM {table}", "TRUNCATE {table}"]
)
def test_the_app_role_has_no_right_to_change(as_app_role, model, attack):
    statement = attack.format(table=model._meta.db_table, column=model._meta.concrete_fields[1].column)
    with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
        as_app_role.execute(statement)


@pytest.mark.parametrize(
    "attack",
    [
        "ALTER TABLE practice_auditevent DISABLE TRIGGER ALL",
        "DROP TABLE practice_auditevent",
        "DROP TRIGGER practice_auditevent_refuse ON practice_auditevent",
        "SET session_replication_role = replica",
        "ALTER FUNCTION evenkeel_refuse() OWNER TO evenkeel_app",
        "CREATE OR REPLACE FUNCTION evenkeel_refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN OLD; END'",
        "GRANT UPDATE ON practice_auditevent TO evenkeel_app",
        INSERT.replace("(actor_roles", "(id, actor_roles").replace("VALUES (", "VALUES (900000001, "),
    ],
)
def test_the_app_role_cannot_take_the_guard_away(as_app_role, attack):
    with pytest.raises(DatabaseError):
        break_in(as_app_role, attack)


@transaction.atomic
def break_in(cursor, attack: str) -> None:
    """The attack, and what it is for; a GRANT without the right to grant is only a warning."""
    cursor.execute(attack)
    cursor.execute("UPDATE practice_auditevent SET action = 'view'")


def test_a_forged_time_and_transaction_are_replaced_by_the_real_ones(as_app_role):
    as_app_role.execute(
        INSERT.replace("(actor_roles", "(at, xact, actor_roles").replace("VALUES (", "VALUES ('2001-01-01', '7', ")
    )
    event = AuditEvent.objects.latest("id")
    as_app_role.execute("SELECT pg_current_xact_id()::text")
    assert event.at.year > 2001
    assert event.xact == int(as_app_role.fetchone()[0])


def test_the_app_role_cannot_choose_the_number_of_a_row_or_of_a_seal(as_app_role):
    """Each attack alone, so that the refusal is of the number and of nothing after it."""
    seal = """INSERT INTO practice_auditseal (id, from_xact, until_xact, events, total_events, previous, digest)
              OVERRIDING SYSTEM VALUE VALUES (900000001, '0', '1', 1, 1, '', '')"""
    event = INSERT.replace("(actor_roles", "(id, at, xact, actor_roles").replace(
        "VALUES (", "OVERRIDING SYSTEM VALUE VALUES (900000001, now(), '7', "
    )
    copied = "COPY practice_auditevent (id, action) FROM STDIN"
    counted = "SELECT setval('practice_auditevent_id_seq', 1)"
    for attack in (seal, event, copied, counted):
        with pytest.raises(DatabaseError, match="permission denied for (table|sequence)"), transaction.atomic():
            as_app_role.execute(attack)


def test_a_forged_time_of_a_seal_is_replaced_by_the_real_one(as_app_role):
    sealed = AuditSeal.objects.create(
        from_xact=0,
        until_xact=1,
        events=1,
        total_events=1,
        previous=b"",
        digest=b"",
        sealed_at=datetime(2001, 1, 1, tzinfo=UTC),
    )
    sealed.refresh_from_db()
    assert sealed.sealed_at.year > 2001


def test_the_app_role_can_record_and_read(as_app_role):
    audit.record(by=None, action=audit.Action.VIEW, obj="week")
    assert AuditEvent.objects.count() == 2


# -- Refusals ---------------------------------------------------------------------------------------------------------
def test_a_refusal_is_recorded_with_who_and_where(patient, as_):
    as_(patient.user).get(reverse("account_change_password"))
    event = AuditEvent.objects.get(action="denied")
    assert (event.actor_id, event.actor_roles, event.object_type) == (
        patient.user.pk,
        "patient",
        "account_change_password",
    )


def test_an_address_that_does_not_exist_is_no_refusal(patient, as_):
    assert as_(patient.user).get("/no/such/page/").status_code == 404
    assert not AuditEvent.objects.filter(action="denied").exists()
