"""`dev.py check`: what must hold before a change is handed in, each in a line with its time."""

import secrets
import subprocess
import sys
import time

from launch import application
from launch.folder import ROOT
from launch.holding import hold
from launch.orphans import begin
from launch.processes import Interrupted, Keeper, pause
from launch.report import Report
from launch.servers import Servers
from launch.testing import environ


def checks(env: dict[str, str]) -> list[tuple[str, list[str], dict[str, str]]]:
    """Name, program and environment of each check."""
    production = env | {
        "EVENKEEL_DEMO": "0",
        "DEBUG": "0",
        "SECRET_KEY": secrets.token_urlsafe(60),
        "MESSAGE_KEYS": secrets.token_urlsafe(60),
        "ALLOWED_HOSTS": "care.example.org",
        "PUBLIC_URL": "https://care.example.org",
        "EMAIL_URL": "smtp://localhost:25",
        "DEFAULT_FROM_EMAIL": "care@example.org",
    }
    access = ["tests/test_architecture.py", "tests/practice/test_access.py"]
    return [
        ("ruff", application.module("ruff", "check", "--output-format", "concise", "."), env),
        ("format", application.module("ruff", "format", "--check", "--output-format", "concise", "."), env),
        ("types of the rules", application.module("mypy"), env),
        ("Django, demo setting", application.manage("check", "--fail-level", "WARNING"), env),
        ("Django, production", application.manage("check", "--deploy", "--fail-level", "WARNING"), production),
        ("migrations complete", application.manage("makemigrations", "--check", "--dry-run"), env),
        ("templates compile", [sys.executable, "-m", "launch.templates"], env),
        ("architecture and access", application.module("pytest", "-q", *access), env),
    ]


def check(arguments: list[str], report: Report) -> int:
    """Run all checks, show the output of those that fail; 0 only when all hold. Names as arguments choose some."""
    with hold("test"):
        servers = Servers("test-", durable=False, fresh=True)
        with servers.kept(report) as keeper:
            wanted = [one for one in checks(environ(servers)) if not arguments or one[0] in arguments]
            failed = [name for name, program, env in wanted if not holds(name, program, env, keeper, report)]
    report.done(f"failed: {', '.join(failed)}" if failed else f"all {len(wanted)} checks hold")
    return 1 if failed else 0


def holds(name: str, program: list[str], env: dict[str, str], keeper: Keeper, report: Report) -> bool:
    begun = time.monotonic()
    process = begin(program, env=env, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        while True:
            try:
                output, _ = process.communicate(timeout=0.1)
                break
            except subprocess.TimeoutExpired:
                keeper.tend()
                pause(0)
    except Interrupted:
        process.kill()
        process.wait(10)
        raise
    good = process.returncode == 0
    report.say(f"  {'holds ' if good else 'FAILS '} {name} ({time.monotonic() - begun:.1f} s)")
    if not good:
        report.say(output)
    return good
