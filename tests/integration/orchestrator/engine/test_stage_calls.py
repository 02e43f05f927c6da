"""One stage, run in this process: every call to its service is sent by requests."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import redis
import requests

from orchestrator.domain.pipeline import SERVICES, STAGES
from orchestrator.engine.resources import Resources, build_resources
from orchestrator.engine.runner import run_stage
from orchestrator.engine.turn import Next
from orchestrator.settings import ServiceSettings
from orchestrator.store import keys
from orchestrator.store.jobs import JobStore
from tests.support.fake_service import FakeService
from tests.support.fake_worker import InstantStopSignal
from tests.support.jobs import make_request, make_settings

WORKS = {"download": "d", "normalization": "n", "transcription": "t"}
JOB_ID = f"{1:016x}"


@pytest.fixture
def service() -> Iterator[FakeService]:
    """A downloader whose jobs take 0.3 s."""
    with FakeService("downloader", stage_s=0.3) as service:
        yield service


@pytest.fixture
def resources(redis_url: str, service: FakeService) -> Iterator[Resources]:
    """The resources of a worker, with the fake service as its downloader."""
    services = {one.name: ServiceSettings(url=service.url, timeout=60) for one in SERVICES.values()}
    resources = build_resources(make_settings(redis_url=redis_url, services=services))
    yield resources
    resources.connection.client.close()


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The calls to the service that go through `requests.Session.send`."""
    calls: list[str] = []
    send = requests.Session.send

    def count(
        self: requests.Session, request: requests.PreparedRequest, **how: Any
    ) -> requests.Response:
        if request.path_url.startswith("/jobs"):  # not the calls of the test itself
            calls.append(f"{request.method} {request.path_url}")
        return send(self, request, **how)

    monkeypatch.setattr(requests.Session, "send", count)
    return calls


def test_credentials_in_the_url_of_a_service_are_not_stored_in_redis(
    redis_url: str, service: FakeService, sent: list[str]
) -> None:
    url = service.url.replace("://", "://user:hunter2@")
    services = {
        one.name: ServiceSettings(url=f"{url},{url}/second", timeout=60)
        for one in SERVICES.values()
    }
    resources = build_resources(make_settings(redis_url=redis_url, services=services))
    assert drive(resources) is Next.FOLLOWING_STAGE
    assert sent[0] == "POST /jobs"
    with redis.Redis.from_url(redis_url, decode_responses=True) as client:
        record = client.hgetall(keys.job(JOB_ID))
        names = list(client.scan_iter("*"))
    resources.connection.client.close()
    assert record["download.instance"] == service.url
    assert "hunter2" not in f"{record} {names}"


def drive(resources: Resources) -> Next:
    """Submit a job and run a turn of its first stage."""
    settings = resources.settings
    JobStore(resources.connection, settings).create(JOB_ID, make_request(), WORKS)
    return run_stage(resources, JOB_ID, STAGES[0]).next


def test_every_call_of_a_stage_goes_through_a_session_of_requests(
    resources: Resources, service: FakeService, sent: list[str]
) -> None:
    assert drive(resources) is Next.FOLLOWING_STAGE
    (submission,) = service.ledger().submissions
    assert sent[0] == "POST /jobs"
    assert set(sent[1:]) == {f"GET /jobs/{submission.remote_id}"}
    assert len(sent) == 1 + submission.polls


@pytest.mark.parametrize("tags", [True, False])
def test_a_service_that_holds_polls_open_is_polled_without_waits(
    resources: Resources,
    service: FakeService,
    sent: list[str],
    *,
    tags: bool,
) -> None:
    stop = InstantStopSignal()
    service.control(tags_submissions=tags, progress_step=100)
    assert drive(replace(resources, stop=stop)) is Next.FOLLOWING_STAGE
    assert stop.slept == []
    assert len(sent) <= 4
