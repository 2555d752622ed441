"""Processes that send requests to a server at the same moment, each on its own connection with a browser's memory.

Standard library only: a racer is forked from a bare server process and never loads Django. Every wait has an end.
"""

from __future__ import annotations

import faulthandler
import http.client
import multiprocessing
import secrets
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from urllib.parse import urlencode, urlsplit

PATIENCE = 60.0


@dataclass(frozen=True)
class Request:
    """``fields`` make it a POST; ``marks`` are words to look for in the answer; ``cookies`` replace the racer's own."""

    path: str
    fields: dict[str, str] | None = None
    marks: tuple[str, ...] = ()
    cookies: str | None = None


@dataclass(frozen=True)
class Answer:
    status: int
    seconds: float
    location: str
    found: frozenset[str]
    cookies: str
    body: str = field(default="", repr=False)


class Racer:
    """One browser: its connection, its cookies, its network address."""

    def __init__(self, url: str, number: int) -> None:
        self.host = urlsplit(url).netloc
        self.csrf = secrets.token_hex(16)
        self.jar: dict[str, tuple[str, str]] = {"csrftoken": ("/", self.csrf)}
        self.address = f"10.1.{number // 250}.{number % 250 + 1}"
        self.connection = http.client.HTTPConnection(self.host, timeout=PATIENCE)

    def connect(self) -> None:
        self.connection.close()
        self.connection.connect()

    def cookies(self, path: str) -> str:
        return "; ".join(f"{name}={value}" for name, (under, value) in self.jar.items() if path.startswith(under))

    def send(self, request: Request) -> Answer:
        headers = {
            "Cookie": request.cookies or self.cookies(request.path),
            "X-Forwarded-For": self.address,
            "Accept": "text/html",
        }
        body = None
        if request.fields is not None:
            csrf = SimpleCookie(headers["Cookie"])["csrftoken"].value
            body = urlencode(request.fields | {"csrfmiddlewaretoken": csrf})
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        began = time.perf_counter()
        self.connection.request("GET" if body is None else "POST", request.path, body, headers)
        response = self.connection.getresponse()
        text = response.read().decode("utf-8", "replace")
        seconds = time.perf_counter() - began
        if request.cookies is None:
            self.keep(response.headers.get_all("Set-Cookie") or [])
        return Answer(
            response.status,
            seconds,
            response.headers.get("Location", ""),
            frozenset(mark for mark in request.marks if mark in text),
            self.cookies(request.path),
            text if response.status >= 500 else "",
        )

    def keep(self, lines: Sequence[str]) -> None:
        for line in lines:
            for morsel in SimpleCookie(line).values():
                self.jar[morsel.key] = (morsel["path"] or "/", morsel.value)


def run(url: str, number: int, pipe, barrier) -> None:
    """Answer jobs until told to stop. A job is (together, request); together waits for everybody before it sends."""
    faulthandler.dump_traceback_later(20 * PATIENCE, exit=True)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who started the race ends it, and says so once
    racer = Racer(url, number)
    while (job := pipe.recv()) is not None:
        together, request = job
        try:
            racer.connect()
            if together:
                barrier.wait(PATIENCE)
            pipe.send(racer.send(request) if request else None)
        except Exception as error:  # whatever happened is an answer too, or the others would wait in vain
            pipe.send(error)


class Racers:
    """A field of racers. ``all_at_once`` is a race, ``each`` the way to the start."""

    def __init__(self, url: str, count: int) -> None:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["tests.racers"])
        self.barrier = context.Barrier(count)  # kept: its semaphores vanish with it
        self.pipes, self.processes = [], []
        for number in range(count):
            ours, theirs = context.Pipe()
            process = context.Process(target=run, args=(url, number, theirs, self.barrier), daemon=True)
            process.start()
            self.pipes.append(ours)
            self.processes.append(process)

    def each(self, requests: Sequence[Request | None]) -> list[Answer]:
        return self.answers(requests, together=False)

    def all_at_once(self, requests: Sequence[Request | None]) -> list[Answer]:
        return self.answers(requests, together=True)

    def answers(self, requests: Sequence[Request | None], *, together: bool) -> list[Answer]:
        for pipe, request in zip(self.pipes, requests, strict=True):
            pipe.send((together, request))
        found = []
        for number, pipe in enumerate(self.pipes):
            if not pipe.poll(2 * PATIENCE):
                raise TimeoutError(f"racer {number} does not answer")
            found.append(pipe.recv())
        for answer in found:
            if isinstance(answer, Exception):
                raise answer
        return found

    def __enter__(self) -> Racers:
        return self

    def __exit__(self, *_error: object) -> None:
        for pipe in self.pipes:
            pipe.send(None)
        for process in self.processes:
            process.join(5)
            if process.is_alive():
                process.kill()
