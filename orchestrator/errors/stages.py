"""Errors of a stage: its deadlines, its service, its remote job."""

from dataclasses import dataclass

from orchestrator.errors.base import OrchestratorError

__all__ = [
    "BreakerOpenError",
    "CaptionsUnusableError",
    "DeadlineExceededError",
    "Failure",
    "RemoteJobError",
    "RemoteJobFailedError",
    "RemoteJobLostError",
    "ServiceError",
    "ServiceOverloadedError",
    "ServiceRejectedError",
    "ServiceUnavailableError",
    "SharedWorkError",
    "SourceGoneError",
    "StageError",
]


class StageError(OrchestratorError):
    """A stage cannot continue."""


class DeadlineExceededError(StageError):
    """A deadline passed.

    Args:
        limit: The setting with the limit, e.g. ``JOB_TIMEOUT_MINUTES``.
        seconds: The limit, in seconds.
    """

    code = "deadline_exceeded"
    retryable = True

    def __init__(self, limit: str, seconds: float) -> None:
        super().__init__(limit, seconds)
        self.limit = limit
        self.seconds = seconds

    def __str__(self) -> str:
        return f"Not finished within {self.seconds:g} s ({self.limit})"


class SharedWorkError(StageError):
    """Another job is submitting the same work; this one will use its remote job."""

    code = "shared_work"

    def __str__(self) -> str:
        return "Another job is submitting the same work"


class SourceGoneError(StageError):
    """The service of the previous stage no longer has the artifact."""

    code = "source_gone"

    def __init__(self, stage: str, remote_id: str) -> None:
        super().__init__(stage, remote_id)
        self.stage = stage
        self.remote_id = remote_id

    def __str__(self) -> str:
        return f"The artifact of the {self.stage} stage ({self.remote_id}) is gone"


class CaptionsUnusableError(StageError):
    """The publisher's subtitles cannot be fetched or parsed; the audio can still be used."""

    code = "captions_unusable"


class ServiceError(StageError):
    """A call of a service failed.

    Args:
        service: The service's name.
        detail: What happened, for people.
        status_code: The HTTP status, if any.
        error_code: The service's own error code, if any.
    """

    code = "service_error"

    def __init__(
        self,
        service: str,
        detail: str,
        status_code: int | None = None,
        error_code: str | None = None,
    ) -> None:
        super().__init__(service, detail, status_code, error_code)
        self.service = service
        self.detail = detail
        self.status_code = status_code
        if error_code:
            self.code = error_code

    def __str__(self) -> str:
        status = f" ({self.status_code})" if self.status_code else ""
        return f"{self.service}{status}: {self.detail}"


class ServiceRejectedError(ServiceError):
    """The service refused permanently: a retry would get the same answer."""

    code = "service_rejected"


class ServiceUnavailableError(ServiceError):
    """The service failed or could not be reached; a retry may succeed."""

    code = "service_unavailable"
    retryable = True


class BreakerOpenError(ServiceUnavailableError):
    """The circuit breaker allowed no call, because the service keeps failing."""


class ServiceOverloadedError(ServiceError):
    """The service asked to wait; does not count as an attempt.

    Args:
        service: The service's name.
        detail: The service's message.
        retry_after_s: Seconds to wait.
    """

    code = "service_overloaded"
    retryable = True

    def __init__(self, service: str, detail: str, retry_after_s: float) -> None:
        super().__init__(service, detail)
        self.args = (service, detail, retry_after_s)
        self.retry_after_s = retry_after_s


class RemoteJobError(StageError):
    """A stage's remote job did not complete."""


class RemoteJobLostError(RemoteJobError):
    """The service no longer has the remote job."""

    code = "remote_job_lost"
    retryable = True

    def __init__(self, service: str, remote_id: str) -> None:
        super().__init__(service, remote_id)
        self.service = service
        self.remote_id = remote_id

    def __str__(self) -> str:
        return f"{self.service} no longer has job {self.remote_id}"


@dataclass(frozen=True)
class Failure:
    """Why a remote job failed, as its service reports it."""

    reason: str
    code: str
    retryable: bool


class RemoteJobFailedError(RemoteJobError):
    """The remote job failed."""

    def __init__(self, service: str, failure: Failure) -> None:
        super().__init__(service, failure)
        self.service = service
        self.failure = failure
        self.code = failure.code
        self.retryable = failure.retryable

    def __str__(self) -> str:
        return self.failure.reason
