"""One process of the API keeps few connections to Redis, and whoever waits for one is told."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import redis
import requests

from orchestrator.errors import StoreError
from orchestrator.settings import load_settings
from orchestrator.store.connection import connect
from tests.support.api_process import Api, running_api
from tests.support.event_stream import open_stream
from tests.support.redis_server import RedisServer

_MOST = 3
_BROKERS = 2  # Celery's own, for the wake-up calls
_CALLERS = 40


@pytest.fixture(scope="module")
def narrow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with running_api(
        tmp_path_factory.mktemp("narrow"),
        REDIS_MAX_CONNECTIONS=_MOST,
        REDIS_POOL_WAIT_SECONDS=1,
        REDIS_TIMEOUT_SECONDS=3.5,
    ) as api:
        yield api


def connections(client: redis.Redis) -> int:
    """Count the connections of everybody else."""
    return len(client.client_list()) - 1


def ask_at_once(api: Api, path: str) -> list[tuple[int, float]]:
    """Return the status and the time, in seconds, of many answers that were asked for at once."""

    def ask(_: int) -> tuple[int, float]:
        began = time.monotonic()
        answer = requests.get(f"{api.orchestrator.address}{path}", timeout=10)
        return answer.status_code, time.monotonic() - began

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


def test_while_redis_hangs_nobody_waits_long_for_a_connection(narrow: Api) -> None:
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


def test_connections_begin_without_telling_what_library_they_are_of() -> None:
    with RedisServer() as server:
        store = connect(load_settings(env_files=(), redis_url=server.url)).client
        store.connection_pool.release(store.connection_pool.get_connection())
        commands, errors = store.info("commandstats"), store.info("stats")
        store.close()
    assert not [name for name in commands if "setinfo" in name or "maint" in name]
    assert errors["total_error_replies"] == 0, "a Redis that does not know these refuses them"


def test_when_one_of_several_commands_is_refused_no_answer_is_left_for_the_next_caller() -> None:
    with RedisServer() as server:
        store = connect(load_settings(env_files=(), redis_url=server.url))
        store.ask(("SET", "text", "no number"))
        with pytest.raises(StoreError, match="not an integer"):
            store.ask(("INCR", "text"), ("GET", "text"))
        assert store.ask(("STRLEN", "text")) == [9]
        store.client.connection_pool.disconnect()
