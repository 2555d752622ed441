"""Load on loopback, bounded in time: ``wrk`` where the machine has it, else threads of this process.

The small client costs as much as the server's empty view, which flatters every ratio; the report says which one ran.
"""

from __future__ import annotations

import re
import shutil
import socket
import statistics
import subprocess
import threading
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

WRK = shutil.which("wrk")
SCALE = {"us": 0.001, "ms": 1.0, "s": 1000.0}


@dataclass(frozen=True)
class Sample:
    """Answers per second and the latency in milliseconds at the median and the 90th percentile."""

    rate: float
    p50: float
    p90: float
    errors: int


def press(url: str, *, clients: int, seconds: float, cookie: str = "") -> Sample:
    """Ask ``url`` from ``clients`` connections for ``seconds``; any answer but 2xx counts as an error."""
    return (with_wrk if WRK else with_threads)(url, clients=clients, seconds=seconds, cookie=cookie)


def with_wrk(url: str, *, clients: int, seconds: float, cookie: str) -> Sample:
    program = [
        WRK,
        "-t1",
        f"-c{clients}",
        f"-d{max(1, round(seconds))}s",
        "--timeout",
        "10s",
        "--latency",
        "-H",
        f"Cookie: {cookie}",
        url,
    ]
    said = subprocess.run(program, capture_output=True, text=True, check=True, timeout=seconds + 30).stdout
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", said)
    lost = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", said)
    errors = int(bad.group(1)) if bad else 0
    errors += int(lost.group(4)) if lost else 0
    return Sample(
        float(re.search(r"Requests/sec:\s+([\d.]+)", said).group(1)), mark(said, "50%"), mark(said, "90%"), errors
    )


def mark(said: str, percentile: str) -> float:
    number, unit = re.search(rf"{percentile}\s+([\d.]+)(us|ms|s)", said).groups()
    return float(number) * SCALE[unit]


def with_threads(url: str, *, clients: int, seconds: float, cookie: str) -> Sample:
    parts = urlsplit(url)
    query = f"?{parts.query}" if parts.query else ""
    asked = (
        f"GET {parts.path}{query} HTTP/1.1\r\nHost: {parts.netloc}\r\nCookie: {cookie}\r\nConnection: close\r\n\r\n"
    ).encode()
    until, times, errors = time.perf_counter() + seconds, [], [0] * clients

    def ask(number: int) -> None:
        while (began := time.perf_counter()) < until:
            with socket.create_connection((parts.hostname, parts.port), timeout=10) as link:
                link.sendall(asked)
                answer = b""
                while chunk := link.recv(65536):
                    answer += chunk
            times.append(time.perf_counter() - began)
            errors[number] += answer[9:10] != b"2"

    threads = [threading.Thread(target=ask, args=(number,), daemon=True) for number in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(seconds + 30)
    ordered = sorted(times)
    return Sample(
        len(times) / seconds,
        statistics.median(ordered) * 1000,
        ordered[int(len(ordered) * 0.9) - 1] * 1000,
        sum(errors),
    )
