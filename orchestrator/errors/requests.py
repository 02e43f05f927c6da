"""Errors of requests: what was requested is invalid, not allowed, or does not exist."""

from orchestrator.errors.base import OrchestratorError

__all__ = [
    "ArtifactGoneError",
    "BatchNotFoundError",
    "CallbackError",
    "ConfirmationRequiredError",
    "DeliveryNotFoundError",
    "FileTooLargeError",
    "ForbiddenAddressError",
    "IllegalTransitionError",
    "InvalidRequestError",
    "JobNotFoundError",
    "KeyInUseError",
    "KeyReusedError",
    "NoAudioError",
    "NotAllowedError",
    "NotAuthenticatedError",
    "NotCompletedError",
    "OptionUnavailableError",
    "QueueFullError",
    "UnsupportedLanguageError",
    "UnsupportedSourceError",
]


class InvalidRequestError(OrchestratorError):
    """A request is invalid.

    Args:
        detail: What is wrong, in English.
        reason: The name of the text in the translations; empty if the code is enough.
        pointer: The invalid part, if it is one: ``#/field`` of the body (RFC 6901),
            ``query:name`` or ``header:Name``.
        value: The value that the text mentions, e.g. a host.
    """

    code = "invalid_request"

    def __init__(self, detail: str, reason: str = "", pointer: str = "", value: str = "") -> None:
        super().__init__(detail, reason, pointer, value)
        self.detail = detail
        self.reason = reason
        self.pointer = pointer
        self.value = value

    def __str__(self) -> str:
        return self.detail


class UnsupportedSourceError(InvalidRequestError):
    """The URL does not belong to an accepted source."""

    code = "unsupported_url"


class ForbiddenAddressError(InvalidRequestError):
    """The URL leads into a private network.

    Args:
        host: The URL's host.
        pointer: The field with the URL.
    """

    code = "forbidden_address"

    def __init__(self, host: str, pointer: str = "") -> None:
        super().__init__(f"{host} is not a public Internet address", pointer=pointer)
        self.args = (host, pointer)
        self.host = host


class FileTooLargeError(InvalidRequestError):
    """The file exceeds the limit.

    Args:
        max_bytes: The limit.
    """

    code = "file_too_large"

    def __init__(self, max_bytes: int) -> None:
        detail = f"The file exceeds the limit of {max_bytes} bytes (MAX_FILE_SIZE_MB)"
        super().__init__(detail, pointer="#/file")
        self.args = (max_bytes,)
        self.max_bytes = max_bytes


class ConfirmationRequiredError(InvalidRequestError):
    """The operation needs an explicit confirmation."""

    code = "confirmation_required"


class UnsupportedLanguageError(InvalidRequestError):
    """The transcriber does not support a language or a translation.

    Args:
        detail: What is wrong, in English.
        field: The field that names the language.
        value: The language's code.
        available: The supported codes.
        reason: ``language``, ``translation`` or ``no_translation``; see ``InvalidRequestError``.
    """

    code = "unsupported_language"

    def __init__(
        self,
        detail: str,
        field: str,
        value: str,
        available: tuple[str, ...],
        reason: str = "language",
    ) -> None:
        super().__init__(detail, reason, f"#/{field}", value)
        self.args = (detail, field, value, available, reason)
        self.available = available
        self.choices = ", ".join(available)


class OptionUnavailableError(InvalidRequestError):
    """A component that an option needs is not installed at its service.

    Args:
        field: The option.
        part: The component, as the subject of a sentence.
    """

    code = "model_unavailable"

    def __init__(self, field: str, part: str) -> None:
        detail = f"{part} is not installed; omit {field} or send false"
        super().__init__(detail, field, f"#/{field}")
        self.args = (field, part)


class KeyReusedError(InvalidRequestError):
    """The idempotency key belongs to a different request."""

    code = "idempotency_key_reused"


class KeyInUseError(InvalidRequestError):
    """The first request with this idempotency key has not been answered yet."""

    code = "idempotency_key_in_use"


class NotAuthenticatedError(OrchestratorError):
    """The API key is missing or unknown."""

    code = "unauthenticated"


class NotAllowedError(OrchestratorError):
    """The API key lacks the required scope."""

    code = "forbidden"

    def __init__(self, scope: str) -> None:
        super().__init__(scope)
        self.scope = scope

    def __str__(self) -> str:
        return f"This API key lacks the scope {self.scope}"


class QueueFullError(OrchestratorError):
    """Too many jobs have not ended; nothing was accepted."""

    code = "queue_full"

    def __init__(self, limit: int) -> None:
        super().__init__(limit)
        self.limit = limit

    def __str__(self) -> str:
        return f"The limit of {self.limit} unfinished jobs is reached; retry later"


class JobNotFoundError(OrchestratorError):
    """The job does not exist, or was removed."""

    code = "job_not_found"

    def __init__(self, job_id: str) -> None:
        super().__init__(job_id)
        self.job_id = job_id

    def __str__(self) -> str:
        return f"Job {self.job_id} does not exist"


class BatchNotFoundError(OrchestratorError):
    """The batch does not exist, or was removed."""

    code = "batch_not_found"

    def __init__(self, batch_id: str) -> None:
        super().__init__(batch_id)
        self.batch_id = batch_id

    def __str__(self) -> str:
        return f"Batch {self.batch_id} does not exist"


class DeliveryNotFoundError(OrchestratorError):
    """The job has no such webhook delivery."""

    code = "delivery_not_found"

    def __init__(self, delivery_id: str) -> None:
        super().__init__(delivery_id)
        self.delivery_id = delivery_id

    def __str__(self) -> str:
        return f"Delivery {self.delivery_id} does not exist"


class CallbackError(OrchestratorError):
    """A webhook could not be delivered."""

    code = "callback_failed"


class NotCompletedError(OrchestratorError):
    """The requested result does not exist (yet)."""

    code = "not_completed"

    def __init__(self, job_id: str, status: str, stage: str) -> None:
        super().__init__(job_id, status, stage)
        self.job_id = job_id
        self.status = status
        self.stage = stage

    def __str__(self) -> str:
        return f"Job {self.job_id} is {self.status}: its {self.stage} has not completed"


class ArtifactGoneError(OrchestratorError):
    """The service no longer has a job's file."""

    code = "artifact_gone"

    def __init__(self, job_id: str) -> None:
        super().__init__(job_id)
        self.job_id = job_id

    def __str__(self) -> str:
        return f"The file of job {self.job_id} no longer exists"


class NoAudioError(OrchestratorError):
    """The job used the publisher's subtitles, so there is no audio."""

    code = "no_audio"

    def __init__(self, job_id: str) -> None:
        super().__init__(job_id)
        self.job_id = job_id

    def __str__(self) -> str:
        return f"Job {self.job_id} used the publisher's subtitles and has no audio"


class IllegalTransitionError(OrchestratorError):
    """The job's status does not allow the operation."""

    code = "illegal_transition"

    def __init__(self, job_id: str, status: str, action: str) -> None:
        super().__init__(job_id, status, action)
        self.job_id = job_id
        self.status = status
        self.action = action

    def __str__(self) -> str:
        return f"Job {self.job_id} is {self.status} and cannot be {self.action}"
