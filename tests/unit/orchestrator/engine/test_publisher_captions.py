"""Subtitles that cannot be had are waited for a little, and then done without."""

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
from orchestrator.http.stopping import StopSignal
from orchestrator.microservice import MicroserviceClient, ServiceSession
from tests.support.jobs import make_settings

SERVICE = "video-downloader"
TRANSCRIPT = Transcript("Olá", (), "pt")


class Client(MicroserviceClient):
    """A service that answers in one way, or not at all."""

    def __init__(self, answer: Transcript | OrchestratorError) -> None:
        settings, stop = make_settings(), StopSignal()
        super().__init__(SERVICE, settings, stop, ServiceSession(settings, stop))
        self._answer = answer

    def fetch_captions(self, remote_id: str, *, instance: str | None = None) -> Transcript:
        """Give the answer."""
        assert (remote_id, instance) == ("dl_1", "http://127.0.0.1:9")
        if isinstance(self._answer, OrchestratorError):
            raise self._answer
        return self._answer


def fetch(answer: Transcript | OrchestratorError, parks: int = 0) -> Transcript:
    record = StageRecord(job_id="dl_1", instance="http://127.0.0.1:9", parks=parks)
    return fetch_captions(Client(answer), record)


def test_what_the_service_has_is_taken() -> None:
    assert fetch(TRANSCRIPT) == TRANSCRIPT


@pytest.mark.parametrize(
    "error",
    [RemoteJobLostError(SERVICE, "dl_1"), ServiceRejectedError(SERVICE, "gone", 410)],
)
def test_what_is_not_there_is_of_no_use(error: OrchestratorError) -> None:
    with pytest.raises(CaptionsUnusableError):
        fetch(error)


def test_a_service_in_trouble_is_given_some_time() -> None:
    trouble = ServiceUnavailableError(SERVICE, "no sense")
    for parks in (0, 1):
        with pytest.raises(ServiceUnavailableError):
            fetch(trouble, parks)
    with pytest.raises(CaptionsUnusableError):
        fetch(trouble, parks=2)


@pytest.mark.parametrize(
    "error", [ServiceOverloadedError(SERVICE, "full", 5), TurnInterruptedError("told to stop")]
)
def test_who_is_asked_to_wait_waits(error: OrchestratorError) -> None:
    with pytest.raises(type(error)):
        fetch(error, parks=9)
