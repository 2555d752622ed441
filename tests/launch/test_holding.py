"""One `run` in a folder at a time; the second is told who holds it."""

import os

import pytest

from launch import holding
from launch.report import Refusal


@pytest.fixture(autouse=True)
def var(tmp_path, monkeypatch):
    monkeypatch.setattr(holding, "VAR", tmp_path / "var")


def test_second_holder_is_told_who_holds_the_folder():
    with holding.hold("run", ", at http://localhost:8000"), pytest.raises(Refusal) as refusal:
        with holding.hold("run"):
            pass
    assert str(refusal.value).startswith(f"dev.py run already works in this folder: process {os.getpid()}, since ")
    assert "at http://localhost:8000." in str(refusal.value)


def test_other_commands_may_work_beside_it_and_the_folder_is_free_afterwards():
    with holding.hold("run"), holding.hold("test"):
        pass
    with holding.hold("run"):
        pass
