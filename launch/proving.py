"""`dev.py bench` and `dev.py prove`: long measurements over servers of their own with fsync on, as in production."""

from launch import application, browser
from launch.folder import ROOT
from launch.holding import hold
from launch.processes import complete
from launch.report import Refusal, Report
from launch.servers import Servers

PROOFS = ("booking", "messages", "record", "pages")


def bench(arguments: list[str], report: Report) -> int:
    """The benchmark with `arguments`; its data set stays between runs."""
    with hold("bench"):
        return measure("bench", Servers("bench-"), arguments, report)


def prove(arguments: list[str], report: Report) -> int:
    """One long proof or all, over empty servers; the last line is PASS or FAIL, and the exit status matches it."""
    unknown = [name for name in arguments if name not in PROOFS]
    if unknown:
        raise Refusal(f"There is no proof named {unknown[0]}; there are {', '.join(PROOFS)}.")
    with hold("prove"):
        status = measure("prove", Servers("prove-", fresh=True), arguments, report)
    print("FAIL" if status else "PASS", flush=True)
    return status


def measure(name: str, servers: Servers, arguments: list[str], report: Report) -> int:
    """Run `python -m tests.NAME` with the servers around it, which start again when a proof kills them, as under `run`.

    The program finds DATABASE_URL of the role that serves, MIGRATE_DATABASE_URL of the owner (who may make databases)
    and REDIS_URL; `launch.servers.Servers` gives it servers of its own to kill and restart.
    """
    program = application.module(f"tests.{name}", *arguments)
    with servers.kept(report) as keeper:
        env = application.environ(servers.environ()) | {"EVENKEEL_CHROMIUM": browser.find_browser()}
        return complete(program, environ=env, folder=ROOT, watch=keeper.tend, keyboard=True)
