"""PostgreSQL runs neither as root nor as a user without a name: as whom it runs instead."""

import os
import pwd
import subprocess

import pytest

from launch import identity
from launch.identity import Identity, find_identity
from launch.postgres import find_programs
from launch.report import Refusal

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes somebody else")
NOBODY = pwd.getpwnam("nobody")


def said(who: Identity, script: str) -> str:
    done = subprocess.run(who.command(["/bin/sh", "-c", script]), capture_output=True, text=True, timeout=30, cwd="/")
    return (done.stdout + done.stderr).strip()


def test_named_user_stays_who_they_are(monkeypatch):
    monkeypatch.setattr(identity.os, "geteuid", lambda: NOBODY.pw_uid)
    assert list(identity.candidates("")) == [Identity()]


@as_root
@pytest.mark.parametrize("kind", ["namespace", "user", "reaching"])
def test_root_becomes_somebody_else(kind):
    who = next(identity.candidates(kind))
    assert said(who, "id -u") == str(who.uid)


@as_root
def test_closed_folder_is_reached_without_being_opened(tmp_path):
    closed = tmp_path / "closed"
    (closed / "inner").mkdir(parents=True)
    closed.chmod(0o700)
    programs, _ = find_programs()
    reached = {
        kind: next(identity.candidates(kind)).can_use(programs / "initdb", closed / "inner")
        for kind in ("user", "reaching")
    }
    assert reached == {"user": False, "reaching": True}
    assert closed.stat().st_mode & 0o777 == 0o700


def test_nobody_left_to_become_is_said_in_one_sentence(monkeypatch, tmp_path):
    monkeypatch.setattr(identity, "candidates", lambda wanted: iter(()))
    monkeypatch.setattr(identity.os, "geteuid", lambda: 54321)
    with pytest.raises(Refusal, match="The user id 54321 has no name on this machine"):
        find_identity(tmp_path, tmp_path)
    monkeypatch.setattr(identity.os, "geteuid", lambda: 0)
    with pytest.raises(Refusal, match="PostgreSQL does not run as root"):
        find_identity(tmp_path, tmp_path)
