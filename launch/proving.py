"""`dev.py bench` and `dev.py prove`: long measurements over servers of their own with fsync on, as in production."""

from launch import application, browser
from launch.folder import ROOT
from launch.holding import hold
from launch.processes import Keeper, adopt_orphans, complete, end_orphans
from launch.report import Refusal, Report
from launch.servers import Servers

PROOFS = ("booking", "messages", "record")


def bench(arguments: list[str], report: Report) -> int:
    """The benchmark with `arguments`; its data set stays between runs."""
    return measured("bench", Servers("bench-"), arguments, report)


def prove(arguments: list[str], report: Report) -> int:
    """One long proof or all, over empty servers; the exit status is the proof's."""
    unknown = [name for name in arguments if name not in PROOFS]
    if unknown:
        raise Refusal(f"There is no proof named {unknown[0]}; there are {', '.join(PROOFS)}.")
    return measured("prove", Servers("prove-", fresh=True), arguments, report)


def measured(name: str, servers: Servers, arguments: list[str], report: Report) -> int:
    """Run `python -m tests.NAME` with the servers around it. Both restart when a proof kills them, as under `run`.

    The program finds DATABASE_URL of the role that serves, MIGRATE_DATABASE_URL of the owner (who may make databases),
    and REDIS_URL; `launch.servers.Servers` gives it servers of its own to kill and restart.
    """
    with hold(name):
        adopt_orphans()
        keeper = Keeper(report)
        try:
            servers.start()
            keeper.keep(*servers.children())
            report.done(f"{servers.described()} ready")
            env = application.environ(servers.environ()) | {"EVENKEEL_CHROMIUM": browser.find_browser()}
            return complete(
                application.module(f"tests.{name}", *arguments), environ=env, folder=ROOT, watch=keeper.tend
            )
        finally:
            keeper.stop()
            servers.stop()
            end_orphans()
