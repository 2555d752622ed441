"""Evenkeel's own processes: web, worker, beat, and the loop that sends what is due without a broker."""

import http.client
import os
import secrets
import sys
from pathlib import Path

from launch.folder import ROOT, VAR
from launch.processes import Child

WEB_WORKERS = 2


def environ(servers: dict[str, str], port: int | None = None) -> dict[str, str]:
    """The environment of every process of Evenkeel: ours, the servers', the demo setting unless it is set otherwise."""
    ours = {name: value for name, value in os.environ.items() if name not in ("PYTHONHOME", "PYTHONPATH")}
    ours |= servers
    ours |= {"DJANGO_SETTINGS_MODULE": "practice.settings", "PYTHONUNBUFFERED": "1"}
    ours.setdefault("EVENKEEL_DEMO", "1")
    if port:
        ours |= {"PORT": str(port), "EVENKEEL_URL": f"http://localhost:{port}"}
    if "SECRET_KEY" not in ours:
        ours["SECRET_KEY"] = secret()
    return ours


def secret() -> str:
    """The secret of this folder's demo: made once, kept in var/secret, so that sessions outlive a restart."""
    path = VAR / "secret"
    try:
        return path.read_text().strip() or make_secret(path)
    except FileNotFoundError:
        return make_secret(path)


def make_secret(path: Path) -> str:
    path.parent.mkdir(exist_ok=True)
    made = secrets.token_urlsafe(60)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(made + "\n")
    return made


def manage(*arguments: str) -> list[str]:
    return [sys.executable, str(ROOT / "manage.py"), *arguments]


def module(*arguments: str) -> list[str]:
    return [sys.executable, "-m", *arguments]


def child(name: str, program: list[str], env: dict[str, str], logs: Path, **how) -> Child:
    return Child(name, program, log=logs / f"{name}.log", environ=env, folder=ROOT, **how)


def web(env: dict[str, str], port: int, *, workers: int = WEB_WORKERS, logs: Path = VAR / "log") -> Child:
    """gunicorn on 127.0.0.1:`port`; four threads a worker, so that an idle browser connection holds nobody up.

    The code is loaded once, before the workers fork; without a control socket gunicorn writes nothing into HOME. Its
    own log would quote the addresses of requests that failed, so it goes through ours.
    """
    program = module(
        "gunicorn", "practice.wsgi", "--workers", str(workers), "--threads", "4", "--bind", f"127.0.0.1:{port}"
    )
    program += ["--logger-class", "practice.gunicorn.Logger"]
    program += ["--preload", "--no-control-socket", "--log-level", "warning", "--graceful-timeout", "5"]
    if os.access("/dev/shm", os.W_OK):  # gunicorn's heartbeat file must not wait for a disk
        program += ["--worker-tmp-dir", "/dev/shm"]
    return child("web", program, env, logs)


def worker(env: dict[str, str], *, name: str = "worker", logs: Path = VAR / "log") -> Child:
    program = module("celery", "-A", "practice", "worker", "-c", "2", "-l", "WARNING", "-n", f"{name}@localhost")
    return child(name, [*program, "--without-gossip", "--without-mingle"], env, logs)


def beat(env: dict[str, str], *, name: str = "beat", logs: Path = VAR / "log") -> Child:
    """Its schedule is code, so it keeps no file about when it last ticked, and no pid file that could go stale."""
    program = module("celery", "-A", "practice", "beat", "-l", "WARNING", "--pidfile=")
    return child(name, program, env, logs)


def loop(env: dict[str, str], *, name: str = "loop", logs: Path = VAR / "log") -> Child:
    return child(name, manage("send_due", "--loop"), env, logs)


def answers(port: int, path: str = "/readyz", seconds: float = 2) -> int:
    """The HTTP status of `path`, asked by name as a browser does but without a proxy; 0 when nobody answers."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=seconds)
    try:
        connection.request("GET", path, headers={"Host": f"localhost:{port}"})
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()
