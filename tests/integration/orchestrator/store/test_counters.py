"""Counters, breakers and statistics in the store."""

from collections.abc import Iterator

import pytest

from orchestrator.domain.job import WakeUp
from orchestrator.domain.pipeline import STAGES
from orchestrator.domain.transitions import failed, parked
from orchestrator.errors import RemoteJobFailedError
from orchestrator.errors.stages import Failure
from orchestrator.store.breakers import BreakerStore
from orchestrator.store.connection import Connection, connect
from orchestrator.store.counters import CounterStore, Queue
from orchestrator.store.jobs import JobStore
from orchestrator.store.leases import LeaseStore
from orchestrator.store.statistics import StatisticsStore
from orchestrator.telemetry.metrics import Counts
from orchestrator.telemetry.metrics.catalogue import REQUEST_TIME, TURNS
from tests.support.jobs import make_request, make_settings
from tools.waiting import wait_until

WORKS = {"download": "d", "normalization": "n", "transcription": "t"}
DOWNLOAD = STAGES[0]
SERVICE = DOWNLOAD.service.name
SETTINGS = make_settings(breaker_open_s=0.2, breaker_threshold=1)


def id_of(number: int) -> str:
    return f"{number:016x}"


class Store:
    """Jobs and their counters."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.jobs = JobStore(connection, SETTINGS)
        self.leases = LeaseStore(connection, SETTINGS)
        self.counters = CounterStore(connection)
        self.breakers = BreakerStore(connection, SETTINGS)

    def create(self, number: int) -> WakeUp:
        _, call = self.jobs.create(id_of(number), make_request(), WORKS)
        assert call is not None
        return call

    def fail(self, number: int, code: str) -> None:
        self.create(number)
        claim = self.leases.claim(id_of(number), DOWNLOAD, worker="w", turn=f"turn {number}")
        assert claim is not None
        error = RemoteJobFailedError(SERVICE, Failure("gone", code, retryable=False))
        self.leases.commit(claim.lease, failed(claim.job, DOWNLOAD, error), DOWNLOAD)

    def waiting(self) -> int:
        return self.counters.queues(["download"])[0].waiting


@pytest.fixture
def store(redis_url: str) -> Iterator[Store]:
    connection = connect(make_settings(redis_url=redis_url))
    yield Store(connection)
    connection.client.close()


def test_a_job_waits_until_a_worker_takes_it(store: Store) -> None:
    assert store.counters.queues(["download"]) == [Queue("download", 0, None)]
    store.create(1)
    store.create(2)
    (queue,) = store.counters.queues(["download"])
    assert queue.waiting == 2
    assert queue.oldest_wait_s is not None
    claim = store.leases.claim(id_of(1), DOWNLOAD, worker="w", turn="t")
    assert claim is not None
    assert claim.waited_s is not None
    assert 0 <= claim.waited_s < 60
    assert store.waiting() == 1


def test_a_second_turn_reports_no_wait(store: Store) -> None:
    store.create(1)
    with store.connection.commands() as client:
        client.set("orchestrator:heartbeat:w", "{}")
    first = store.leases.claim(id_of(1), DOWNLOAD, worker="w", turn="t")
    again = store.leases.claim(id_of(1), DOWNLOAD, worker="w", turn="t")
    assert first is not None
    assert again is not None
    assert again.waited_s is None


def test_a_job_that_waits_until_a_given_time_is_parked_and_not_in_the_queue(store: Store) -> None:
    store.create(1)
    claim = store.leases.claim(id_of(1), DOWNLOAD, worker="w", turn="t")
    assert claim is not None
    error = RemoteJobFailedError(SERVICE, Failure("later", "later", retryable=True))
    change = parked(claim.job, DOWNLOAD, error, in_s=60, clocks_paused=False)
    store.leases.commit(claim.lease, change, DOWNLOAD)
    assert store.waiting() == 0
    assert store.counters.count_parked() == 1


def test_a_cancelled_job_does_not_wait(store: Store) -> None:
    store.create(1)
    store.jobs.cancel(id_of(1))
    assert store.waiting() == 0
    assert store.counters.ended().totals["cancelled"] == 1


def test_a_job_that_was_removed_by_hand_does_not_wait_for_ever(store: Store) -> None:
    store.create(1)
    store.create(2)
    with store.connection.commands() as client:
        client.delete(f"orchestrator:job:{id_of(1)}")
    assert store.waiting() == 1


def test_ends_are_counted_by_status_and_code(store: Store) -> None:
    store.fail(1, "video_unavailable")
    store.fail(2, "video_unavailable")
    store.fail(3, "rate_limited")
    ended = store.counters.ended()
    assert ended.totals == {"completed": 0, "failed": 3, "cancelled": 0}
    assert ended.last_hour == ended.totals
    assert ended.codes == {"video_unavailable": 2, "rate_limited": 1}
    assert ended.codes_last_day == ended.codes


def test_the_number_of_counted_codes_is_bounded(store: Store) -> None:
    for number in range(52):
        store.fail(number, f"code-{number}")
    store.fail(52, "code-0")
    codes = store.counters.ended().codes
    assert len(codes) == 51
    assert codes["other"] == 2
    assert codes["code-0"] == 2


def test_counts_by_period_expire(store: Store) -> None:
    store.fail(1, "video_unavailable")
    with store.connection.commands() as client:
        lives = {key: client.ttl(key) for key in client.scan_iter("orchestrator:*:*[0-9]")}
    windows = [ttl for key, ttl in lives.items() if key.startswith("orchestrator:ended:")]
    hours = [ttl for key, ttl in lives.items() if key.startswith("orchestrator:failures:")]
    assert [0 < ttl <= 4200 for ttl in windows] == [True]
    assert [0 < ttl <= 90_000 for ttl in hours] == [True]


def test_a_breaker_is_closed_then_open_then_half_open(store: Store) -> None:
    assert store.breakers.states([SERVICE]) == {SERVICE: "closed"}
    store.breakers.record_failure(SERVICE)
    assert store.breakers.states([SERVICE]) == {SERVICE: "open"}
    wait_until(
        lambda: store.breakers.states([SERVICE]) == {SERVICE: "half-open"},
        timeout_s=5,
        what="the trial to be allowed",
    )
    assert store.breakers.may_probe(SERVICE)
    assert store.breakers.states([SERVICE]) == {SERVICE: "open"}
    store.breakers.record_success(SERVICE)
    assert store.breakers.states([SERVICE]) == {SERVICE: "closed"}


def test_counts_of_several_processes_are_added_up_by_scope(store: Store) -> None:
    statistics = StatisticsStore(store.connection)
    for _ in range(2):
        counts = Counts()
        counts.add(TURNS, "download", "completed", amount=2)
        counts.observe(REQUEST_TIME, 0.2, "GET", "/jobs/<job_id>")
        statistics.add("here", counts.take())
    assert statistics.read("here") == {
        ("ytcaption_turns_total", "download", "completed"): 4,
        (REQUEST_TIME.name, "GET", "/jobs/<job_id>", "le=0.25"): 2,
        (REQUEST_TIME.name, "GET", "/jobs/<job_id>", "sum"): pytest.approx(0.4),
    }
    assert statistics.read("elsewhere") == {}
