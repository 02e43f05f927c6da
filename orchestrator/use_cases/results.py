"""What a job has made: the audio, as its service gives it. The transcript is in the store."""

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

__all__ = ["AudioStream", "Results"]

_STAGE: Final = stage_named("normalization")
_GONE: Final = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.GONE})
_ANSWERS: Final = frozenset(
    {
        HTTPStatus.OK,
        HTTPStatus.PARTIAL_CONTENT,
        HTTPStatus.NOT_MODIFIED,
        HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE,
    }
)


@dataclass(frozen=True)
class AudioStream:
    """A service's answer with the audio, or with a part of it; to be closed after use."""

    status_code: int
    """200, 206, 304 or 416."""
    headers: Mapping[str, str]
    filename: str
    chunks: Iterator[bytes]
    close: Callable[[], None]


class Results:
    """Gives out files that the services keep.

    Args:
        connections: What this process talks with.
    """

    def __init__(self, connections: Connections) -> None:
        self._client = connections.clients[_STAGE.service.name]

    def open_audio(self, job: Job, wishes: Mapping[str, str]) -> AudioStream:
        """Open a job's normalized audio, to be read in chunks.

        Args:
            job: The job; the audio is there before it is completed.
            wishes: Headers for the service: ``Range``, ``If-Range`` and the like.

        Raises:
            NotCompletedError: The audio is not made yet.
            NoAudioError: There is none, since the transcript is the publisher's subtitles.
            ArtifactGoneError: The service does not have it any more.
            ServiceError: The service did not answer as it should.
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
                relay = self._client.relay(record.job_id, wishes, instance=record.instance)
                answer = on_failure.enter_context(relay)
            except RemoteJobLostError as error:
                raise ArtifactGoneError(job.job_id) from error
            except ServiceRejectedError as error:
                raise self._translated(error, job) from error
            if answer.status_code not in _ANSWERS:
                raise ServiceUnavailableError(_STAGE.service.name, "an answer of no use")
            close = on_failure.pop_all().close
        return AudioStream(answer.status_code, answer.headers, name, answer.chunks, close)

    def _translated(self, error: ServiceRejectedError, job: Job) -> OrchestratorError:
        """Return what a refusal means to a client, who is not to blame for it."""
        if error.status_code in _GONE:
            return ArtifactGoneError(job.job_id)
        return ServiceUnavailableError(error.service, error.detail, error.status_code)
