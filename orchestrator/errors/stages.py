"""Errors of a stage: its time, its service, its remote job."""

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
    """A stage cannot go on as it is."""


class DeadlineExceededError(StageError):
    """A deadline passed.

    Args:
        limit: The setting that names the limit, e.g. ``JOB_TIMEOUT_MINUTES``.
        seconds: The length of that limit.
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
    """Another job is just submitting the same work, which this one then uses too."""

    code = "shared_work"

    def __str__(self) -> str:
        return "Another job is submitting the same work"


class SourceGoneError(StageError):
    """The artifact of the stage before is not at its service any more."""

    code = "source_gone"

    def __init__(self, stage: str, remote_id: str) -> None:
        super().__init__(stage, remote_id)
        self.stage = stage
        self.remote_id = remote_id

    def __str__(self) -> str:
        return f"The artifact of the {self.stage} stage ({self.remote_id}) is gone"


class CaptionsUnusableError(StageError):
    """The publisher's own subtitles cannot be had or read; the audio is there still."""

    code = "captions_unusable"


class ServiceError(StageError):
    """A service did not do what was asked.

    Args:
        service: The service's name.
        detail: What happened, for a person.
        status_code: The HTTP status, where there was one.
        error_code: The service's own code, where it gave one.
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
    """The service refused for good: asking again gives the same answer."""

    code = "service_rejected"


class ServiceUnavailableError(ServiceError):
    """The service failed or could not be reached; it may be better later."""

    code = "service_unavailable"
    retryable = True


class BreakerOpenError(ServiceUnavailableError):
    """The service was left alone, because it has failed again and again."""


class ServiceOverloadedError(ServiceError):
    """The service asks for patience; costs no attempt.

    Args:
        service: The service's name.
        detail: What it said.
        retry_after_s: How long it asks to wait, in seconds.
    """

    code = "service_overloaded"
    retryable = True

    def __init__(self, service: str, detail: str, retry_after_s: float) -> None:
        super().__init__(service, detail)
        self.args = (service, detail, retry_after_s)
        self.retry_after_s = retry_after_s


class RemoteJobError(StageError):
    """The job that the service made for a stage came to nothing."""


class RemoteJobLostError(RemoteJobError):
    """The service does not know its job any more."""

    code = "remote_job_lost"
    retryable = True

    def __init__(self, service: str, remote_id: str) -> None:
        super().__init__(service, remote_id)
        self.service = service
        self.remote_id = remote_id

    def __str__(self) -> str:
        return f"{self.service} does not know its job {self.remote_id} any more"


@dataclass(frozen=True)
class Failure:
    """Why a remote job failed, as its service tells it."""

    reason: str
    code: str
    retryable: bool


class RemoteJobFailedError(RemoteJobError):
    """The service's job failed."""

    def __init__(self, service: str, failure: Failure) -> None:
        super().__init__(service, failure)
        self.service = service
        self.failure = failure
        self.code = failure.code
        self.retryable = failure.retryable

    def __str__(self) -> str:
        return self.failure.reason
