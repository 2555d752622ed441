"""Sockets lie in the project folder, or in a short private folder of our own; data that may pass lies in memory."""

import shutil
from pathlib import Path

import pytest

from launch import folder, servers
from launch.report import Refusal


@pytest.fixture
def short():
    """The short folder for a home, removed afterwards."""
    made = []

    def ask(home: Path) -> Path:
        made.append(folder.for_socket(home, "server.sock"))
        return made[-1]

    yield ask
    for path in made:
        if path.parent == Path("/tmp"):
            path.rmdir()


def test_socket_lies_beside_its_data(short):
    assert short(Path("/srv/care/var/postgres")) == Path("/srv/care/var/postgres")


@pytest.mark.parametrize("home", ["/srv/" + "long" * 30, "/srv/one, two"])
def test_long_path_and_one_with_a_comma_get_a_short_private_folder(short, home):
    found = short(Path(home))
    assert found.parent == Path("/tmp")
    assert found.stat().st_mode & 0o777 == 0o700
    assert short(Path(home + "x")) != found


def test_folder_laid_there_by_somebody_else_is_refused(short, tmp_path):
    home = Path("/srv/" + "long" * 30)
    found = short(home)
    found.rmdir()
    found.symlink_to(tmp_path)
    try:
        with pytest.raises(Refusal, match="belongs to somebody else"):
            folder.for_socket(home, "server.sock")
    finally:
        found.unlink()
        found.mkdir()


def test_private_folder_is_closed_to_others(tmp_path):
    assert folder.private(tmp_path / "var" / "postgres").stat().st_mode & 0o777 == 0o700


@pytest.fixture
def memory(tmp_path, monkeypatch):
    """What stands for the machine's shared memory."""
    monkeypatch.setattr(folder, "SHARED_MEMORY", tmp_path / "shm")
    (tmp_path / "shm").mkdir()
    return tmp_path / "shm"


def test_data_that_may_pass_lies_in_a_private_folder_of_the_memory(memory, tmp_path):
    found = folder.in_memory(tmp_path / "var", room=1)
    assert found.parent == memory
    assert found.stat().st_mode & 0o777 == 0o700
    assert folder.in_memory(tmp_path / "var", room=1) == found
    assert folder.in_memory(tmp_path / "other", room=1) != found


def test_it_lies_at_home_where_memory_has_no_room_or_there_is_none(memory, tmp_path):
    home = tmp_path / "var"
    assert folder.in_memory(home, room=shutil.disk_usage(memory).total + 1) == home
    memory.rmdir()
    assert folder.in_memory(home, room=1) == home


def test_nothing_is_left_in_memory_when_the_servers_stop(memory, tmp_path, monkeypatch):
    monkeypatch.setattr(servers, "in_memory", lambda home: folder.in_memory(home, room=1))
    made = servers.Servers("test-", folder=tmp_path / "var", durable=False, fresh=True)
    assert list(memory.iterdir()) == [made.home]
    made.stop()
    assert list(memory.iterdir()) == []


def test_what_is_to_last_lies_in_the_folder(memory, tmp_path):
    assert servers.Servers(folder=tmp_path / "var").home == tmp_path / "var"
    assert list(memory.iterdir()) == []
