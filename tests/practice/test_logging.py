"""Logs hold no address of a request, not even of one that fails outside Django."""

import json
import os
import socket
import subprocess
import time
from pathlib import Path

import pytest
from django.conf import settings

from launch import application
from tests.limits import free_port
from tests.practice.test_settings import PRODUCTION

TOKEN = "kQ3xT0k3nOfApr1vateLnk"
FAILING = """
def application(environ, start_response):
    raise ValueError(environ["PATH_INFO"])
"""


def say(port: int, request: str) -> str:
    """The first line of the answer, as soon as somebody listens."""
    deadline = time.monotonic() + 60
    while True:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
                connection.sendall(f"{request}\r\nHost: care.example.org\r\nConnection: close\r\n\r\n".encode())
                return connection.recv(1000).decode().partition("\r\n")[0]
        except ConnectionRefusedError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


@pytest.fixture
def program(tmp_path) -> list[str]:
    """The web process as it is started, around an application that fails at everything."""
    (tmp_path / "failing.py").write_text(FAILING)
    words = application.web({}, free_port(), workers=1).program
    return [{"practice.wsgi": "failing"}.get(word, word) for word in words]


def test_gunicorn_says_that_a_request_failed_and_not_which(program, tmp_path: Path):
    port = int(program[program.index("--bind") + 1].rpartition(":")[2])
    environ = PRODUCTION | {"PATH": os.environ["PATH"], "PYTHONPATH": str(tmp_path)}
    with (tmp_path / "log").open("w") as log:
        web = subprocess.Popen(program, cwd=settings.BASE_DIR, env=environ, stdout=log, stderr=log)
        try:
            assert "500" in say(port, f"GET /a/{TOKEN}/ HTTP/1.1")
            assert "400" in say(port, f"GET /invitation/{TOKEN}/ HTTP/x")
        finally:
            web.terminate()
            web.wait(30)
    said = (tmp_path / "log").read_text()
    assert TOKEN not in said
    lines = [json.loads(line) for line in said.splitlines()]
    failed = next(line for line in lines if line.get("exception_type") == "ValueError")
    assert failed["event"] == "Error handling request %s %s"
    assert failed["exception_at"] == "failing:3"
    assert any(line["level"] == "warning" for line in lines), "the malformed request"
