"""The built-in broker keeps its queue over kill -9, in any path."""

import pytest

from launch import valkey


@pytest.mark.servers
def test_queue_survives_kill_9_in_a_long_path_with_a_space(tmp_path):
    server = valkey.Server(tmp_path / "a folder with a space" / ("long" * 25), log=tmp_path / "valkey.log")
    try:
        server.start()
        assert server.say("CONFIG GET appendonly").startswith("*2")
        assert server.say("SET kept yes") == "+OK"
        server.kill()
        assert server.say("PING") == ""
        server.start()
        assert server.say("STRLEN kept") == ":3"
        server.kill()
        server.empty()
        server.start()
        assert server.say("STRLEN kept") == ":0"
    finally:
        server.stop()
    assert not server.socket.exists()
