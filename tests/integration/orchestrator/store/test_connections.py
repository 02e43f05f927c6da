"""The connection pool of a process is small, and a caller that waits too long gets an error."""

import os
import time
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import redis
import requests

from orchestrator.errors import StoreUnavailableError
from orchestrator.settings import Settings, load_settings
from orchestrator.store.commands import GetQueuePosition
from orchestrator.store.connection import Connection as Store
from orchestrator.store.connection import connect, connect_bounded
from tests.support.api_process import Api, running_api
from tests.support.event_stream import open_stream
from tests.support.redis_server import RedisServer

_MOST = 3
_BROKERS = 2  # Celery's own, for the wake-up calls
_CALLERS = 40
Maker = Callable[[Settings], Store]


@pytest.fixture(scope="module")
def narrow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with running_api(
        tmp_path_factory.mktemp("narrow"),
        REDIS_MAX_CONNECTIONS=_MOST,
        REDIS_TIMEOUT_SECONDS=3.5,
    ) as api:
        yield api


def connections(client: redis.Redis) -> int:
    """Count the connections of other clients."""
    return len(client.client_list()) - 1


def ask_at_once(api: Api, path: str) -> list[tuple[int, float]]:
    """Return the status and the duration, in seconds, of many simultaneous requests."""

    def ask(_: int) -> tuple[int, float]:
        started = time.monotonic()
        answer = requests.get(f"{api.orchestrator.address}{path}", timeout=10)
        return answer.status_code, time.monotonic() - started

    with ThreadPoolExecutor(_CALLERS) as pool:
        return list(pool.map(ask, range(_CALLERS)))


def test_many_requests_of_all_kinds_share_a_few_connections(narrow: Api) -> None:
    job_id = narrow.submit()
    address = narrow.orchestrator.address
    with narrow.orchestrator.redis() as client, open_stream(address, job_id) as events:
        next(events)
        for path in ("/jobs", f"/jobs/{job_id}", "/admin/stats", f"/jobs/{job_id}/deliveries"):
            answers = ask_at_once(narrow, path)
            assert {status for status, _ in answers} == {200}, path
        assert narrow.call("GET", "/batches/none").status_code == 404
        assert connections(client) <= _MOST + _BROKERS


def test_the_wait_for_a_connection_is_bounded_while_redis_hangs(narrow: Api) -> None:
    server = narrow.orchestrator.redis_server
    server.pause()
    try:
        answers = ask_at_once(narrow, "/jobs")
    finally:
        server.resume()
    assert {status for status, _ in answers} == {503}
    quick = [took_s for _, took_s in answers if took_s < 2.5]
    assert len(quick) >= _CALLERS - 2 * _MOST, "all but those who hold a connection"
    assert max(took_s for _, took_s in answers) < 5
    assert narrow.call("GET", "/jobs").ok


def test_an_outage_does_not_use_up_the_connections_of_a_worker() -> None:
    with RedisServer() as server:
        pool = connect(load_settings(env_files=(), redis_url=server.url)).client.connection_pool
        pool.max_connections = 1
        server.stop()
        for _ in range(3):
            with pytest.raises(redis.ConnectionError, match="refused"):
                pool.get_connection()
        server.start()
        pool.release(pool.get_connection())
        pool.disconnect()


def test_the_handshake_is_accepted_by_older_redis_versions() -> None:
    with RedisServer() as server:
        store = connect(load_settings(env_files=(), redis_url=server.url)).client
        store.connection_pool.release(store.connection_pool.get_connection())
        commands, errors = store.info("commandstats"), store.info("stats")
        store.close()
    assert not [name for name in commands if "setinfo" in name or "maint" in name]
    assert errors["total_error_replies"] == 0


def test_a_script_that_redis_has_lost_is_loaded_again(redis_url: str) -> None:
    store = connect(load_settings(env_files=(), redis_url=redis_url))
    assert store.run(GetQueuePosition("nobody", "service")) == 0
    store.client.script_flush()
    assert store.run(GetQueuePosition("nobody", "service")) == 0
    store.client.close()


@pytest.mark.parametrize("make", [connect, connect_bounded])
def test_a_forked_child_opens_connections_of_its_own(redis_url: str, make: Maker) -> None:
    store = make(load_settings(env_files=(), redis_url=redis_url))
    own = client_id(store)
    reading, writing = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of a fork beside other threads
        child = os.fork()
    if not child:
        os.write(writing, str(client_id(store)).encode())
        os._exit(0)
    os.waitpid(child, 0)
    assert int(os.read(reading, 20)) != own, "one socket for two processes"
    assert client_id(store) == own
    for end in (reading, writing):
        os.close(end)
    store.client.close()


def client_id(store: Store) -> int:
    """Return the id of the current connection in Redis."""
    with store.commands() as client:
        return int(client.client_id())


def test_a_caller_that_waits_too_long_for_a_connection_gets_a_store_error(
    redis_url: str,
) -> None:
    settings = load_settings(
        env_files=(), redis_url=redis_url, redis_max_connections=2, redis_pool_wait_s=0.01
    )
    store = connect_bounded(settings)
    pool = store.client.connection_pool
    taken = [pool.get_connection() for _ in range(2)]
    with pytest.raises(StoreUnavailableError, match="No connection available"):
        store.now_ms()
    for connection in taken:
        pool.release(connection)
    assert store.now_ms() > 0
    store.client.close()


def test_a_command_whose_reply_was_lost_is_not_repeated() -> None:
    with RedisServer() as server, redis.Redis.from_url(server.url) as other:
        store = connect(load_settings(env_files=(), redis_url=server.url, redis_timeout_s=0.2))
        store.now_ms()
        server.pause()
        with pytest.raises(StoreUnavailableError), store.commands() as client:
            client.incr("orchestrator:count")
        server.resume()
        assert other.get("orchestrator:count") == b"1"
        store.client.close()
