"""The change feed: one subscription for all watches."""

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
import redis

from orchestrator.store import keys
from orchestrator.store.connection import Connection, connect
from orchestrator.store.job_changes import ChangeFeed, Watch
from tests.support.jobs import make_settings
from tests.support.redis_server import RedisServer
from tools.waiting import wait_until


@pytest.fixture
def server() -> Iterator[RedisServer]:
    with RedisServer() as server:
        yield server


@pytest.fixture
def connection(server: RedisServer) -> Iterator[Connection]:
    others = listeners()  # of apps that other tests in this process created
    connection = connect(make_settings(redis_url=server.url))
    yield connection
    wait_until(lambda: listeners() <= others, timeout_s=10, what="the listener to stop")
    connection.client.close()


def listeners() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if thread.name == "changes"}


def subscriptions(client: redis.Redis) -> int:
    return len(client.client_list(_type="pubsub"))


def settle(connection: Connection, watch: Watch) -> None:
    """Wait until the subscription is active, which wakes all watches once."""
    wait_until(lambda: subscriptions(connection.client) == 1, timeout_s=5, what="a subscription")
    watch.wait(5)


def waited_s(watch: Watch, timeout_s: float) -> float:
    began = time.monotonic()
    watch.wait(timeout_s)
    return time.monotonic() - began


def test_a_change_wakes_only_watches_of_that_job(connection: Connection) -> None:
    feed = ChangeFeed(connection, idle_s=0.2)
    with feed.watch("one") as one, feed.watch("one") as same, feed.watch("other") as other:
        settle(connection, other)
        one.wait(1)
        same.wait(1)
        connection.client.publish(keys.CHANGES, "one")
        assert waited_s(one, 5) < 4
        assert waited_s(same, 5) < 4
        assert waited_s(other, 0.3) >= 0.3


def test_a_change_between_two_waits_is_not_missed(connection: Connection) -> None:
    with ChangeFeed(connection, idle_s=0.2).watch("one") as watch:
        watch.wake()
        assert waited_s(watch, 5) < 4
        assert waited_s(watch, 0.2) < 5


def test_watches_share_one_connection_that_closes_with_the_last(connection: Connection) -> None:
    feed = ChangeFeed(connection, idle_s=0.2)
    for _ in range(2):
        with ExitStack() as waiting:
            watches = [waiting.enter_context(feed.watch(f"job {n}")) for n in range(200)]
            settle(connection, watches[-1])
            assert subscriptions(connection.client) == 1
        wait_until(
            lambda: not subscriptions(connection.client),
            timeout_s=10,
            what="the subscription to end",
        )


def test_all_watches_wake_after_an_outage(server: RedisServer, connection: Connection) -> None:
    with ChangeFeed(connection, idle_s=0.2).watch("one") as watch:
        settle(connection, watch)
        server.kill()
        server.start()
        assert waited_s(watch, 9) < 8, "changes during the outage were not published"
        wait_until(lambda: subscriptions(connection.client), timeout_s=5, what="a subscription")
        watch.wait(1)
        connection.client.publish(keys.CHANGES, "one")
        assert waited_s(watch, 5) < 4
