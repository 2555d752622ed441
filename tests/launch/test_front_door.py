"""`python3 dev.py` itself: what it says to a Python that cannot carry Evenkeel, and to a command it does not know."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from launch.folder import ROOT

DEV = ROOT / "dev.py"


def with_python(prelude: str, *arguments: str, environ: dict[str, str] | None = None) -> subprocess.CompletedProcess:
    """dev.py run by an interpreter that `prelude` has altered, as if it were another one."""
    script = (
        f"import sys, runpy\nsys.argv = ['', *{arguments!r}]\n{prelude}\nrunpy.run_path('dev.py', run_name='__main__')"
    )
    return subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, env=environ, cwd=ROOT
    )


def test_front_door_is_readable_by_an_old_python():
    ast.parse(DEV.read_text(), feature_version=(3, 4))


@pytest.mark.parametrize("version", [(2, 7, 18), (3, 6, 9), (3, 10, 4)])
def test_old_python_gets_one_sentence_with_the_cure(version):
    done = with_python(f"sys.version_info = {version}", "run", environ={"PATH": "/nowhere"})
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr == (
        f"This is Python {version[0]}.{version[1]} and Evenkeel needs 3.11 or newer;"
        " install one, such as the python3.11 package of your system, and run it with that.\n"
    )


def test_old_python_names_a_newer_one_it_finds(tmp_path: Path):
    newer = tmp_path / "python3.13"
    newer.write_text("#!/bin/sh\n")
    newer.chmod(0o755)
    done = with_python("sys.version_info = (3, 9, 2)", "run", "--once", environ={"PATH": str(tmp_path)})
    assert "run it with the one you have: python3.13 dev.py run --once." in done.stderr


@pytest.mark.parametrize("module", ["venv", "ensurepip"])
def test_python_without_venv_gets_one_sentence_with_the_cure(module):
    done = with_python(f"sys.modules[{module!r}] = None", "run")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "apt-get install python3-venv" in done.stderr


def test_unknown_command_lists_the_known_ones():
    done = with_python("", "serve")
    assert done.returncode == 2
    assert "python3 dev.py run --once" in done.stderr


def test_front_door_stays_small():
    assert len(DEV.read_text().splitlines()) <= 150
