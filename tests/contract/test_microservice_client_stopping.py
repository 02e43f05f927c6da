"""A stopping worker waits for no service."""

import threading
import time
from collections.abc import Callable

import pytest

from orchestrator.errors import OrchestratorError, TurnInterruptedError
from orchestrator.http.stopping import StopSignal
from tests.support.client import make_client
from tests.support.fake_service import FakeService
from tests.support.raw_server import RawServer, answer
from tools.waiting import wait_until

_AT_ONCE_S = 1.0
_FOR_EVER_S = 60.0


def seconds_to_stop(
    stop: StopSignal, call: Callable[[], object], is_under_way: Callable[[], object]
) -> float:
    """Return how long a call continues after the stop signal, which must interrupt it."""
    errors: list[OrchestratorError] = []

    def run() -> None:
        try:
            call()
        except OrchestratorError as error:
            errors.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    wait_until(is_under_way, timeout_s=10, what="the call to be under way")
    told_at = time.monotonic()
    stop.set()
    thread.join(_FOR_EVER_S)
    assert [type(error) for error in errors] == [TurnInterruptedError]
    return time.monotonic() - told_at


def test_a_waiting_poll_ends_at_once() -> None:
    stop = StopSignal()
    with FakeService("downloader", stage_s=0, hold=True) as service:
        client = make_client(service.url, stop=stop, poll_wait_s=_FOR_EVER_S)
        submitted = client.submit({"url": "http://video.test/a"}, idempotency_key="key")
        assert submitted.job is not None
        remote_id = submitted.job.job_id
        etag = submitted.etag
        elapsed_s = seconds_to_stop(
            stop,
            lambda: client.poll(remote_id, etag=etag),
            lambda: service.ledger().waiting,
        )
    assert elapsed_s < _AT_ONCE_S


def test_many_waiting_polls_end_at_once() -> None:
    stop = StopSignal()
    ended: list[type[Exception]] = []
    with FakeService("downloader", stage_s=0, hold=True) as service:
        client = make_client(service.url, stop=stop, poll_wait_s=_FOR_EVER_S, worker_concurrency=50)
        submitted = client.submit({"url": "http://video.test/a"}, idempotency_key="key")
        assert submitted.job is not None
        remote_id = submitted.job.job_id
        etag = submitted.etag

        def poll() -> None:
            with pytest.raises(TurnInterruptedError) as caught:
                client.poll(remote_id, etag=etag)
            ended.append(caught.type)

        threads = [threading.Thread(target=poll, daemon=True) for _ in range(50)]
        for thread in threads:
            thread.start()
        wait_until(lambda: service.ledger().waiting == 50, timeout_s=20, what="50 waiting polls")
        told_at = time.monotonic()
        stop.set()
        for thread in threads:
            thread.join(_FOR_EVER_S)
        assert time.monotonic() - told_at < _AT_ONCE_S
    assert len(ended) == 50


def test_a_poll_that_starts_after_the_signal_does_not_wait() -> None:
    stop = StopSignal()
    with FakeService("downloader", stage_s=0, hold=True) as service:
        client = make_client(service.url, stop=stop, poll_wait_s=_FOR_EVER_S)
        submitted = client.submit({"url": "http://video.test/a"}, idempotency_key="key")
        assert submitted.job is not None
        etag = submitted.etag
        stop.set()
        began = time.monotonic()
        with pytest.raises(TurnInterruptedError):
            client.poll(submitted.job.job_id, etag=etag)
    assert time.monotonic() - began < _AT_ONCE_S


def test_the_wait_before_a_retry_ends_at_once() -> None:
    stop = StopSignal()
    with RawServer(answer(b"", status="500 Broken")) as server:
        client = make_client(server.url, stop=stop, retry_backoff_base_s=100_000.0)
        elapsed_s = seconds_to_stop(
            stop,
            lambda: client.submit({"url": "http://video.test/a"}, idempotency_key="key"),
            lambda: server.lines,
        )
        assert len(server.lines) == 1
    assert elapsed_s < _AT_ONCE_S


def test_a_submission_in_progress_is_not_interrupted() -> None:
    stop, may_answer = StopSignal(), threading.Event()

    def answer_when_allowed(exchange: object) -> None:
        assert may_answer.wait(10)
        answer(b'{"id": "x_audio", "status": "queued"}')(exchange)  # type: ignore[arg-type]

    with RawServer(answer_when_allowed) as server:
        client = make_client(server.url, stop=stop)
        accepted: list[object] = []
        thread = threading.Thread(
            target=lambda: accepted.append(client.submit({}, idempotency_key="key")), daemon=True
        )
        thread.start()
        wait_until(lambda: server.lines, timeout_s=5, what="the submission to arrive")
        stop.set()
        may_answer.set()
        thread.join(10)
    assert len(accepted) == 1
