"""The normalized audio of a job, relayed from its service."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from orchestrator.domain.job import Job, StageStatus
from orchestrator.domain.pipeline import stage_named
from orchestrator.engine.resources import Connections
from orchestrator.errors import (
    ArtifactGoneError,
    NoAudioError,
    NotCompletedError,
    OrchestratorError,
    RemoteJobLostError,
    ServiceRejectedError,
    ServiceUnavailableError,
)

__all__ = ["AudioFiles", "AudioStream"]

_STAGE: Final = stage_named("normalization")
_GONE: Final = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.GONE})
_RELAYED_STATUSES: Final = frozenset(
    {
        HTTPStatus.OK,
        HTTPStatus.PARTIAL_CONTENT,
        HTTPStatus.NOT_MODIFIED,
        HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE,
    }
)


@dataclass(frozen=True)
class AudioStream:
    """A service's response with all or part of the audio; the caller must close it."""

    status_code: int
    """200, 206, 304 or 416."""
    headers: Mapping[str, str]
    filename: str
    chunks: Iterator[bytes]
    close: Callable[[], None]


class AudioFiles:
    """The normalized audio files, which the service keeps.

    Args:
        connections: The process's connections.
    """

    def __init__(self, connections: Connections) -> None:
        self._client = connections.clients[_STAGE.service.name]

    def open(self, job: Job, headers: Mapping[str, str]) -> AudioStream:
        """Open a job's normalized audio, to be read in chunks.

        Args:
            job: The job; its audio is available before the job is completed.
            headers: Request headers for the service, such as ``Range`` and ``If-Range``.

        Raises:
            NotCompletedError: The audio is not ready yet.
            NoAudioError: The transcript is the publisher's captions; there is no audio.
            ArtifactGoneError: The service has deleted the audio.
            ServiceError: The service is down or its response is invalid.
        """
        record = job.stages[_STAGE.name]
        if job.captions_language is not None:
            raise NoAudioError(job.job_id)
        if record.status is not StageStatus.COMPLETED:
            raise NotCompletedError(job.job_id, job.status, _STAGE.name)
        if record.job_id is None:
            raise ArtifactGoneError(job.job_id)
        name = record.filename or _STAGE.default_filename
        with ExitStack() as on_failure:
            try:
                relay = self._client.relay(record.job_id, headers, instance=record.instance)
                response = on_failure.enter_context(relay)
            except RemoteJobLostError as error:
                raise ArtifactGoneError(job.job_id) from error
            except ServiceRejectedError as error:
                raise self._translate(error, job) from error
            if response.status_code not in _RELAYED_STATUSES:
                reason = f"unexpected status {response.status_code}"
                raise ServiceUnavailableError(_STAGE.service.name, reason)
            close = on_failure.pop_all().close
        return AudioStream(response.status_code, response.headers, name, response.chunks, close)

    def _translate(self, error: ServiceRejectedError, job: Job) -> OrchestratorError:
        """Return the client's error for a rejection that the client did not cause."""
        if error.status_code in _GONE:
            return ArtifactGoneError(job.job_id)
        return ServiceUnavailableError(error.service, error.detail, error.status_code)
