"""Clients of the orchestrator for services at any URL."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from orchestrator.http.stopping import StopSignal
from orchestrator.microservice import (
    MicroserviceClient,
    Poll,
    RemoteStatus,
    ServiceSession,
    SourceArtifact,
)
from orchestrator.settings import ServiceSettings
from tests.support.jobs import make_settings
from tools.waiting import wait_until

__all__ = ["make_client", "poll_to_the_end", "source_of"]

_PATIENT_S = 20.0


def make_client(
    url: str, *, timeout: float = 60.0, stop: StopSignal | None = None, **settings: Any
) -> MicroserviceClient:
    """Return a client with short retries.

    Args:
        url: The service's URL.
        timeout: Seconds that a whole transfer may take.
        stop: The stop signal.
        **settings: Fields of the settings.
    """
    quick = {"retry_backoff_base_s": 0.01, "worker_concurrency": 8, "status_timeout_s": 10}
    services = {"fake": ServiceSettings(url=url, timeout=timeout)}
    made, stop = make_settings(services=services, **(quick | settings)), stop or StopSignal()
    return MicroserviceClient("fake", made, stop, ServiceSession(made, stop))


def source_of(
    client: MicroserviceClient, remote_id: str
) -> Callable[[], AbstractContextManager[SourceArtifact]]:
    """Return a function that opens the artifact of a finished job."""
    return lambda: client.open_artifact(remote_id, default_filename="audio")


def poll_to_the_end(client: MicroserviceClient, remote_id: str) -> Poll:
    """Poll a job until it has ended."""
    polls: list[Poll] = []

    def has_ended() -> bool:
        polls.append(client.poll(remote_id))
        job = polls[-1].job
        return job is not None and job.status in {RemoteStatus.COMPLETED, RemoteStatus.FAILED}

    wait_until(has_ended, timeout_s=_PATIENT_S, what=f"the end of {remote_id}")
    return polls[-1]
