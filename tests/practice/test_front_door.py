"""manage.py: what has a cure ends in its sentence and no traceback, and migrate works as the owner."""

import os
import subprocess
import sys

import pytest
from django.conf import settings
from django.db import DatabaseError, connection, transaction

import manage
from practice import patience
from tests.practice.test_settings import PRODUCTION

TIMEOUT = 60


def run(*words: str, **changed: str | None) -> subprocess.CompletedProcess:
    """Run manage.py under production's environment with some variables changed, or taken away by None."""
    environment = {name: value for name, value in (PRODUCTION | changed).items() if value is not None}
    return subprocess.run(
        [sys.executable, "manage.py", *words],
        cwd=settings.BASE_DIR,
        env=environment | {"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )


def address_of_the_tests() -> str:
    facts = connection.settings_dict
    host = facts["HOST"].replace("/", "%2F")
    return f"postgres://{facts['USER']}@{host}{':' + str(facts['PORT']) if facts['PORT'] else ''}/{facts['NAME']}"


def test_everything_that_is_missing_is_said_at_once_and_without_a_traceback():
    ended = run("found", "--help", **dict.fromkeys(PRODUCTION))
    said = ended.stderr.strip().splitlines()
    assert ended.returncode == 1
    assert {line.partition(" ")[0] for line in said} == set(PRODUCTION)
    assert len(said) == len(PRODUCTION)
    assert all(" is not set. " in line for line in said)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"TRUSTED_PROXIES": "one"}, "TRUSTED_PROXIES is one. Give a whole number"),
        ({"DATABASE_URL": "evenkeel"}, "DATABASE_URL names no PostgreSQL. Begin it with postgres://"),
        ({"DATABASE_URL": "postgres://u@h:port/x"}, "DATABASE_URL cannot be read. "),
        ({"EMAIL_URL": "mail.internal"}, "EMAIL_URL cannot be read. "),
    ],
    ids=lambda value: ",".join(value) if isinstance(value, dict) else "",
)
def test_what_cannot_be_read_is_one_sentence(changed, said):
    ended = run("check", **changed)
    assert ended.returncode == 1
    (only,) = ended.stderr.splitlines()
    assert only.startswith(said)


def test_a_traceback_is_there_for_whoever_asks():
    assert "Traceback" in run("check", "--traceback", SECRET_KEY=None).stderr


def test_migrate_works_as_the_owner_and_everything_else_as_the_role_that_serves(committed_db):
    owner, nowhere = address_of_the_tests(), "postgres://evenkeel_app@nowhere.invalid/evenkeel"
    password = connection.settings_dict["PASSWORD"] or ""
    both = {"DATABASE_URL": nowhere, "MIGRATE_DATABASE_URL": owner, "PGPASSWORD": password}
    migrated = run("migrate", **both)
    assert migrated.returncode == 0, migrated.stderr
    assert "No migrations to apply" in migrated.stdout
    assert "nowhere.invalid" in run("showmigrations", **both).stderr


def test_a_database_that_is_away_is_a_sentence():
    ended = run("migrate", DATABASE_URL="postgres://evenkeel_app@localhost:9/evenkeel")
    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr
    assert ended.stderr.startswith("The database cannot be reached: ")
    assert "in DATABASE_URL right" in ended.stderr


def test_what_postgresql_answers_itself_is_no_missing_database(db):
    assert not patience.was_away(answer_to("SELECT nothing FROM nowhere"))


def test_a_role_without_the_right_to_migrate_is_told_apart_from_other_faults(db):
    role = f"SET LOCAL ROLE {settings.DATABASE_APP_ROLE}; "
    assert manage.lacks_rights(answer_to(role + "ALTER TABLE practice_practice ADD COLUMN more text"))
    assert not manage.lacks_rights(answer_to("SELECT nothing FROM nowhere"))


def answer_to(statement: str) -> DatabaseError:
    with pytest.raises(DatabaseError) as refused, transaction.atomic():
        connection.cursor().execute(statement)
    return refused.value


def test_a_python_without_the_packages_is_told_how_to_get_them():
    """The interpreter itself, without what is installed for this environment."""
    ended = subprocess.run(
        [sys.executable, "-I", "-S", "manage.py", "migrate"],
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )
    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr
    assert "has no django" in ended.stderr
    assert "pip install --require-hashes -r requirements/base.lock" in ended.stderr
