"""The private Redis server of the tests is a real one, and can be made to fail like one."""

import pytest
import redis

from tests.support.redis_server import RedisServer


def _client(server: RedisServer) -> redis.Redis:
    return redis.Redis.from_url(server.url, decode_responses=True, socket_timeout=0.2, retry=None)


def test_what_was_written_outlives_a_kill_when_every_write_is_logged() -> None:
    with RedisServer(aof=True) as server:
        with _client(server) as client:
            client.set("job", "queued")
        address = server.url
        server.kill()
        server.start()
        with _client(server) as client:
            assert client.get("job") == "queued"
        assert server.url == address


def test_a_server_without_a_log_forgets_when_it_is_killed() -> None:
    with RedisServer() as server:
        with _client(server) as client:
            client.set("job", "queued")
        server.kill()
        server.start()
        with _client(server) as client:
            assert client.get("job") is None


def test_a_paused_server_answers_nothing_until_it_goes_on() -> None:
    with RedisServer() as server, _client(server) as client:
        client.set("job", "queued")
        server.pause()
        with pytest.raises(redis.TimeoutError):
            client.get("job")
        server.resume()
        assert client.get("job") == "queued"
