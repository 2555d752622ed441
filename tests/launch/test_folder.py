"""Sockets lie in the project folder, or in a short private folder of our own."""

from pathlib import Path

import pytest

from launch import folder
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
