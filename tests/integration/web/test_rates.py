"""Request counts in Redis."""

import pytest
from limits import RateLimitItemPerHour, RateLimitItemPerSecond

from orchestrator.store.connection import Connection, connect_bounded
from tests.support.jobs import make_settings
from tools.waiting import wait_until
from web.http.rates import RateCounter, Window

FIVE = RateLimitItemPerHour(5)
TWO_A_SECOND = RateLimitItemPerSecond(2)


@pytest.fixture
def connection(redis_url: str) -> Connection:
    return connect_bounded(make_settings(redis_url=redis_url))


def hit(counter: RateCounter, caller: str = "ann") -> Window:
    return counter.hit("read", FIVE, caller)


def commands_of_clients(connection: Connection) -> int:
    """Return the number of commands sent by clients."""
    with connection.commands() as client:
        found = client.info("commandstats")
    names = ("cmdstat_evalsha", "cmdstat_get", "cmdstat_ttl")
    return sum(found.get(name, {"calls": 0})["calls"] for name in names)


def test_a_request_is_counted_in_one_round_trip(connection: Connection) -> None:
    counter = RateCounter(connection)
    hit(counter)  # also reads the end of the window
    before = commands_of_clients(connection)
    assert [hit(counter).remaining for _ in range(3)] == [3, 2, 1]
    assert commands_of_clients(connection) - before == 3


def test_requests_beyond_the_rate_are_rejected_until_the_window_ends(
    connection: Connection,
) -> None:
    counter = RateCounter(connection)
    windows = [counter.hit("read", TWO_A_SECOND, "ann") for _ in range(3)]
    assert [window.is_refused for window in windows] == [False, False, True]
    assert {window.reset_s for window in windows} == {1}
    assert not counter.hit("read", TWO_A_SECOND, "bob").is_refused
    assert not counter.hit("submit", TWO_A_SECOND, "ann").is_refused
    wait_until(
        lambda: not counter.hit("read", TWO_A_SECOND, "ann").is_refused,
        timeout_s=5,
        what="a new window",
    )


def test_all_processes_share_counts_and_window_ends(connection: Connection) -> None:
    counters = [RateCounter(connection) for _ in range(2)]
    windows = [hit(counter) for counter in counters * 3]
    assert [window.is_refused for window in windows] == [False] * 5 + [True]
    assert {window.reset_s for window in windows} <= {3599, 3600}


def test_peeking_does_not_count(connection: Connection) -> None:
    counter, other = RateCounter(connection), RateCounter(connection)
    hit(counter)
    assert [counter.peek("read", FIVE, "ann").remaining for _ in range(2)] == [4, 4]
    assert counter.has_counted("read", FIVE, "ann")
    assert not other.has_counted("read", FIVE, "ann"), "each process knows its own requests only"


def test_the_cache_of_window_ends_is_bounded(connection: Connection) -> None:
    counter = RateCounter(connection, max_cached_windows=2)
    for caller in ("ann", "bob", "eve"):
        hit(counter, caller)
    known = [counter.has_counted("read", FIVE, caller) for caller in ("ann", "bob", "eve")]
    assert known == [False, True, True]
    assert hit(counter, "ann").remaining == 3, "the count itself is in Redis"
