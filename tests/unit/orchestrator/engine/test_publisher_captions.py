"""Captions that cannot be fetched are waited for in a few turns, and then given up."""

from typing import cast

import pytest

from orchestrator.domain.job import StageRecord, Transcript
from orchestrator.engine.publisher_captions import fetch_captions
from orchestrator.errors import (
    CaptionsUnusableError,
    OrchestratorError,
    RemoteJobLostError,
    ServiceOverloadedError,
    ServiceRejectedError,
    ServiceUnavailableError,
    TurnInterruptedError,
)
from orchestrator.microservice import MicroserviceClient
from tests.support.fake_worker import FakeClient

SERVICE = "video-downloader"
TRANSCRIPT = Transcript("Olá", (), "pt")


def fetch(answer: Transcript | OrchestratorError, parks: int = 0) -> Transcript:
    client = FakeClient(())
    client.transcript = answer
    record = StageRecord(job_id="dl_1", instance="http://127.0.0.1:9", parks=parks)
    return fetch_captions(cast("MicroserviceClient", client), record)


def test_captions_are_returned_as_a_transcript() -> None:
    assert fetch(TRANSCRIPT) == TRANSCRIPT


@pytest.mark.parametrize(
    "error",
    [RemoteJobLostError(SERVICE, "dl_1"), ServiceRejectedError(SERVICE, "gone", 410)],
)
def test_captions_that_do_not_exist_are_unusable(error: OrchestratorError) -> None:
    with pytest.raises(CaptionsUnusableError):
        fetch(error)


def test_a_service_that_fails_is_tried_in_three_turns() -> None:
    failure = ServiceUnavailableError(SERVICE, "invalid JSON")
    for parks in (0, 1):
        with pytest.raises(ServiceUnavailableError):
            fetch(failure, parks)
    with pytest.raises(CaptionsUnusableError):
        fetch(failure, parks=2)


@pytest.mark.parametrize(
    "error", [ServiceOverloadedError(SERVICE, "full", 5), TurnInterruptedError("stopping")]
)
def test_overload_and_a_stopping_worker_do_not_count(error: OrchestratorError) -> None:
    with pytest.raises(type(error)):
        fetch(error, parks=9)
