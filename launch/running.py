"""`dev.py run`: servers, migrations, the demo clinic, then web, worker, beat and loop until Ctrl-C."""

import hashlib
import os
import time

from launch import application, ports
from launch.environment import lock_of
from launch.folder import ROOT, VAR
from launch.holding import hold
from launch.processes import Keeper, complete, pause
from launch.report import Refusal, Report
from launch.servers import Servers

WITHOUT_CLINIC = 3  # the exit status of launch.preparing


def run(arguments: list[str], report: Report) -> int:
    """Run until a signal, or with --once walk the main job and stop; the exit status."""
    if arguments not in ([], ["--once"]):
        raise Refusal(f"dev.py run knows only --once, not {' '.join(arguments)}.")
    port = ports.chosen()
    with hold("run", f", at http://localhost:{port}"):
        ports.demand(port)
        report.done("environment ready")
        servers = Servers()
        with servers.kept(report) as keeper:
            env = start(keeper, servers, port, report)
            if arguments:
                return walk(env, keeper, report)
            welcome(port, report)
            while True:
                keeper.tend()
                pause(0.2)


def start(keeper: Keeper, servers: Servers, port: int, report: Report) -> dict[str, str]:
    """Bring everything up in order; the environment Evenkeel's processes have."""
    env = application.environ(servers.environ(), port)
    prepare(env, keeper, report)
    # The web first, alone: on two cores its first answer comes a second earlier than beside three other starts.
    keeper.keep(application.web(env, port))
    keeper.wait_for(lambda: application.answers(port) == 200, "The web server", 60)
    keeper.keep(application.worker(env), application.beat(env), application.loop(env), beside_last=True)
    report.done("web answers; worker, beat and loop started")
    report.say(report.times())
    return env


def prepare(env: dict[str, str], keeper: Keeper, report: Report) -> None:
    """Tables, static files, and the demo clinic where there is none; each only does what is left to do."""
    owner = env | {"DATABASE_URL": env["MIGRATE_DATABASE_URL"]}
    status = complete(application.module("launch.preparing"), environ=owner, folder=ROOT, watch=keeper.tend)
    if status not in (0, WITHOUT_CLINIC):
        raise Refusal("The database could not be made ready; the reason is above.")
    report.done("database migrated")
    if collect_static(env, keeper):
        report.done("static files collected")
    if status == WITHOUT_CLINIC and env["EVENKEEL_DEMO"] == "1":
        report.say("Building the fictional clinic of the demo, once; this takes half a minute or more.")
        manage("demo", env, keeper)
        report.done("demo clinic built")


def manage(command: str, env: dict[str, str], keeper: Keeper, *options: str) -> None:
    if complete(application.manage(command, *options), environ=env, folder=ROOT, watch=keeper.tend):
        raise Refusal(f"manage.py {command} failed; its own words are above.")


def collect_static(env: dict[str, str], keeper: Keeper) -> bool:
    """Collect when a file or a package has changed since the last time; whether it did."""
    stamp = VAR / "static-stamp"
    state = hashlib.sha256(lock_of("base").read_bytes())
    for path in sorted(ROOT.glob("static/**/*")):
        state.update(f"{path.relative_to(ROOT)} {path.stat().st_mtime_ns} {path.stat().st_size}\n".encode())
    if stamp.exists() and stamp.read_text() == state.hexdigest() and (VAR / "static").exists():
        return False
    manage("collectstatic", env, keeper, "--noinput", "--clear", "-v", "0")
    stamp.write_text(state.hexdigest())
    return True


def walk(env: dict[str, str], keeper: Keeper, report: Report) -> int:
    """The main job over HTTP through everything that runs; the walk's own exit status."""
    begun = time.monotonic()
    status = complete(application.manage("walk"), environ=env, folder=ROOT, watch=keeper.tend)
    outcome = "held" if status == 0 else f"failed with exit status {status}"
    report.done(f"the main job {outcome} (walked in {time.monotonic() - begun:.1f} s)")
    return status


def welcome(port: int, report: Report) -> None:
    report.say()
    report.say(f"  Evenkeel runs at http://localhost:{port}")
    if os.environ.get("EVENKEEL_DEMO", "1") == "1":
        report.say(f"  Step in as visitor, patient, therapist, front desk or manager: http://localhost:{port}/demo/")
        report.say("  The clinic is fictional and its messages stay in var/outbox.")
    report.say("  Ctrl-C stops everything; var/ keeps the data.")
    report.say()
