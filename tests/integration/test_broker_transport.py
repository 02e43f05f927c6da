"""Messages over the orchestrator's own form of kombu's Redis transport."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from kombu import Connection

from orchestrator.store import pool
from tasks.app import app
from tasks.transport import Channel
from tests.support.redis_server import RedisServer


@pytest.fixture
def connection(redis_url: str) -> Iterator[Connection]:
    options = app.conf.broker_transport_options
    with Connection(redis_url, transport_options=options) as connection:
        yield connection


@pytest.mark.parametrize("scheme", ["redis", "rediss"])
def test_an_address_keeps_its_scheme(scheme: str) -> None:
    connection: Any = Connection(f"{scheme}://host:6379/3")
    assert connection.transport.Channel is Channel
    assert connection.as_uri().startswith(f"{scheme}://"), "Flower knows a broker by it"


def test_messages_go_over_a_socket_file(tmp_path: Path) -> None:
    socket = tmp_path / "redis.sock"
    options = app.conf.broker_transport_options
    with (
        RedisServer(arguments=["--unixsocket", str(socket)]),
        Connection(f"redis+socket://{socket}", transport_options=options) as connection,
        connection.SimpleQueue("socket") as queue,
    ):
        queue.put("a message")
        assert queue.get(timeout=5).payload == "a message"


def test_messages_share_a_client(connection: Connection) -> None:
    channel: Any = connection.default_channel
    with channel.conn_or_acquire() as first, channel.conn_or_acquire() as second:
        assert first is second
    with connection.SimpleQueue("shared-client") as queue:
        for number in range(3):
            queue.put(number)
        assert [queue.get(timeout=5).payload for _ in range(3)] == [0, 1, 2]


def test_a_connection_that_was_lost_gets_another_client(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel: Any = connection.default_channel
    with channel.conn_or_acquire() as client:
        lost = client
    monkeypatch.setattr(channel, "_pool", None)  # as kombu does before it connects anew
    with channel.conn_or_acquire() as client:
        assert client is not lost
        assert client.ping()


def test_a_channel_goes_on_after_its_connection_was_cut(connection: Connection) -> None:
    channel: Any = connection.default_channel
    with channel.conn_or_acquire() as client:
        number = client.client_id()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pool, "_FRESH_S", 0.0)  # as though it had not been used for a while
        channel.client.client_kill_filter(_id=str(number))
        with channel.conn_or_acquire() as client:
            assert client.client_id() != number
