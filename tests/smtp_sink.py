"""A mail server that keeps what it is given, for tests and the benchmark: loopback only, with troubles to order."""

from __future__ import annotations

import socketserver
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default


class Sink(socketserver.ThreadingTCPServer):
    """``mails``: what was accepted. ``refuse``: recipient -> the line to answer RCPT with. ``answer``: to every DATA.

    ``sessions`` counts connections, ``delay`` is how many seconds it takes over a mail.
    """

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Session)
        self.mails: list[bytes] = []
        self.refuse: dict[str, bytes] = {}
        self.answer = b"250 taken"
        self.sessions = 0
        self.delay = 0.0

    @property
    def port(self) -> int:
        return self.server_address[1]

    def forget(self) -> None:
        """Begin anew: no mails, no troubles."""
        self.mails, self.refuse, self.answer, self.sessions, self.delay = [], {}, b"250 taken", 0, 0.0

    def parsed(self) -> list[EmailMessage]:
        return [message_from_bytes(mail, policy=default) for mail in self.mails]


class Session(socketserver.StreamRequestHandler):
    server: Sink
    timeout = 60

    def handle(self) -> None:
        self.server.sessions += 1
        self.say(b"220 sink")
        while line := self.rfile.readline():
            verb = line[:4].upper()
            if verb == b"QUIT":
                self.say(b"221 bye")
                return
            if verb == b"RCPT":
                address = line.decode(errors="replace").partition("<")[2].partition(">")[0]
                self.say(self.server.refuse.get(address, b"250 ok"))
            elif verb == b"DATA":
                self.say(b"354 go on")
                mail = self.mail()
                time.sleep(self.server.delay)
                if self.server.answer.startswith(b"2"):
                    self.server.mails.append(mail)
                self.say(self.server.answer)
            else:
                self.say(b"250 ok")

    def mail(self) -> bytes:
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line[1:] if line.startswith(b".") else line)
        return b"".join(lines)

    def say(self, words: bytes) -> None:
        self.wfile.write(words + b"\r\n")


@contextmanager
def sink() -> Iterator[Sink]:
    """A running sink; stopped afterwards."""
    server = Sink()
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
