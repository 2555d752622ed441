"""The port people open in their browser."""

import errno
import os
import socket

from launch.report import Refusal

USUAL = 8000


def chosen() -> int:
    """PORT from the environment, or 8000; Refusal when it is no port."""
    text = os.environ.get("PORT", str(USUAL))
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise Refusal(f"PORT={text} is no port; give a number from 1024 to 65535, such as PORT={USUAL}.")
    return int(text)


def demand(port: int) -> None:
    """Refusal when `port` cannot be opened, with one that can."""
    try:
        probe(port)
    except OSError as error:
        cure = f"choose another: PORT={next_free(max(port, 1024))} python3 dev.py run"
        if error.errno == errno.EACCES:
            raise Refusal(f"Only root may open port {port}; {cure}") from None
        raise Refusal(f"Port {port} is taken by another program; {cure}") from None


def probe(port: int) -> None:
    """OSError when 127.0.0.1:`port` cannot be opened, or [::1]:`port` is taken: browsers ask there first."""
    with socket.socket(socket.AF_INET) as four:
        four.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        four.bind(("127.0.0.1", port))
    if not socket.has_ipv6:
        return
    with socket.socket(socket.AF_INET6) as six:
        six.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            six.bind(("::1", port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise


def next_free(port: int) -> int:
    for candidate in range(port + 1, port + 100):
        try:
            probe(candidate)
        except OSError:
            continue
        return candidate
    return port + 1
