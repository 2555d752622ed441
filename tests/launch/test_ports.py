"""A port that cannot be had is said in one sentence that names PORT=."""

import socket

import pytest

from launch import ports
from launch.report import Refusal


@pytest.fixture
def taken():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_taken_port_says_so_and_names_a_free_one(taken):
    with pytest.raises(Refusal) as refusal:
        ports.demand(taken)
    free = int(str(refusal.value).partition("PORT=")[2].split()[0])
    assert str(refusal.value) == (
        f"Port {taken} is taken by another program; choose another: PORT={free} python3 dev.py run"
    )
    ports.demand(free)


@pytest.mark.skipif(not socket.has_ipv6, reason="this machine has no IPv6")
def test_port_taken_where_browsers_ask_first_counts_as_taken():
    with socket.socket(socket.AF_INET6) as listener:
        listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.bind(("::1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        with pytest.raises(Refusal, match=f"Port {port} is taken"):
            ports.demand(port)


@pytest.mark.parametrize("text", ["", "web", "0", "65536", "-1", "80.5"])
def test_what_is_no_port_is_refused(monkeypatch, text):
    monkeypatch.setenv("PORT", text)
    with pytest.raises(Refusal, match="is no port"):
        ports.chosen()


def test_port_is_8000_unless_told(monkeypatch):
    monkeypatch.delenv("PORT", raising=False)
    assert ports.chosen() == 8000
    monkeypatch.setenv("PORT", "8123")
    assert ports.chosen() == 8123
