"""`dev.py test`: pytest with two workers over servers of its own, fsync off, and the machine's Chromium."""

import os
import secrets

from launch import application, postgres
from launch.browser import find_browser
from launch.folder import ROOT
from launch.holding import hold
from launch.processes import complete
from launch.report import Refusal, Report
from launch.servers import Servers

WITHOUT_BROWSER = "no Chromium found: install it (apt-get install chromium) or name it in EVENKEEL_CHROMIUM"


def test(arguments: list[str], report: Report) -> int:
    """Run pytest with `arguments` (all of tests/ without any); its exit status."""
    browser = find_browser()
    if not browser and os.environ.get("CI") == "true":
        raise Refusal(f"Under CI the browser tests must run, and there is {WITHOUT_BROWSER}.")
    with hold("test"):
        servers = Servers("test-", durable=False, fresh=True)
        with servers.kept(report) as keeper:
            # The tests of a file share what is dear to set up; tests/conftest.py says which files begin.
            dealt = ("-n", "2", "--dist", "loadfile", "--no-loadscope-reorder")
            program = application.module("pytest", *dealt, *arguments)
            status = complete(program, environ=environ(servers), folder=ROOT, watch=keeper.tend, keyboard=True)
    if not browser:
        report.say(f"!!! The browser tests were skipped: {WITHOUT_BROWSER}. !!!")
    report.done("tests passed" if status == 0 else f"tests ended with exit status {status}")
    return status


def environ(servers: Servers) -> dict[str, str]:
    """What tests find: the owner's role, since they make databases of their own, and no secret of the demo's."""
    env = application.environ(servers.environ() | {"SECRET_KEY": secrets.token_urlsafe(60), "EVENKEEL_DEMO": "1"})
    env["DATABASE_URL"] = servers.postgres.url(postgres.OWNER) if servers.postgres else env["DATABASE_URL"]
    return env | {"EVENKEEL_CHROMIUM": find_browser()}
