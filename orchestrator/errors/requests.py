"""Errors that a client or an operator is told: what was asked for cannot be, or is not there."""

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
    """A client asked for something that cannot be.

    Args:
        detail: What is wrong, in English.
        reason: A word for it, by which catalogues of other languages have the text; empty where
            the code says it all.
        pointer: What is at fault, where it is one thing: ``#/field`` of the body (RFC 6901),
            ``query:name`` or ``header:Name``.
        value: What the text names, e.g. a host.
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
    """The address does not belong to a source that is accepted."""

    code = "unsupported_url"


class ForbiddenAddressError(InvalidRequestError):
    """The address leads into a private network.

    Args:
        host: Its host.
        pointer: The field that has it.
    """

    code = "forbidden_address"

    def __init__(self, host: str, pointer: str = "") -> None:
        super().__init__(f"{host} is not an address of the public Internet", pointer=pointer)
        self.args = (host, pointer)
        self.host = host


class FileTooLargeError(InvalidRequestError):
    """The file is longer than is accepted.

    Args:
        max_bytes: The greatest length that is.
    """

    code = "file_too_large"

    def __init__(self, max_bytes: int) -> None:
        detail = f"Files of at most {max_bytes} bytes are accepted (MAX_FILE_SIZE_MB)"
        super().__init__(detail, pointer="#/file")
        self.args = (max_bytes,)
        self.max_bytes = max_bytes


class ConfirmationRequiredError(InvalidRequestError):
    """What was asked for has to be confirmed in so many words."""

    code = "confirmation_required"


class UnsupportedLanguageError(InvalidRequestError):
    """The transcriber does not know a language, or cannot translate so.

    Args:
        detail: What is wrong, in English.
        field: The field that names the language.
        value: Its code.
        available: The codes that could be named instead.
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
    """A part that an option needs is not installed at its service.

    Args:
        field: The option.
        part: What it needs, as the beginning of a sentence.
    """

    code = "model_unavailable"

    def __init__(self, field: str, part: str) -> None:
        detail = f"{part} is not installed here; leave {field} out or send false"
        super().__init__(detail, field, f"#/{field}")
        self.args = (field, part)


class KeyReusedError(InvalidRequestError):
    """The idempotency key was used for another request."""

    code = "idempotency_key_reused"


class KeyInUseError(InvalidRequestError):
    """The request with this idempotency key is being worked on."""

    code = "idempotency_key_in_use"


class NotAuthenticatedError(OrchestratorError):
    """An API key is needed; none came, or one that is not known."""

    code = "unauthenticated"


class NotAllowedError(OrchestratorError):
    """The API key is good for other things than this one."""

    code = "forbidden"

    def __init__(self, scope: str) -> None:
        super().__init__(scope)
        self.scope = scope

    def __str__(self) -> str:
        return f"This API key has not the scope {self.scope}"


class QueueFullError(OrchestratorError):
    """As many jobs as are allowed have not ended yet; nothing was accepted."""

    code = "queue_full"

    def __init__(self, limit: int) -> None:
        super().__init__(limit)
        self.limit = limit

    def __str__(self) -> str:
        return f"{self.limit} jobs have not ended yet, which is as many as are accepted"


class JobNotFoundError(OrchestratorError):
    """No job has this id, or it was removed."""

    code = "job_not_found"

    def __init__(self, job_id: str) -> None:
        super().__init__(job_id)
        self.job_id = job_id

    def __str__(self) -> str:
        return f"Job {self.job_id} does not exist"


class BatchNotFoundError(OrchestratorError):
    """No batch has this id, or it was removed."""

    code = "batch_not_found"

    def __init__(self, batch_id: str) -> None:
        super().__init__(batch_id)
        self.batch_id = batch_id

    def __str__(self) -> str:
        return f"Batch {self.batch_id} does not exist"


class DeliveryNotFoundError(OrchestratorError):
    """The job has no notice of this id."""

    code = "delivery_not_found"

    def __init__(self, delivery_id: str) -> None:
        super().__init__(delivery_id)
        self.delivery_id = delivery_id

    def __str__(self) -> str:
        return f"Delivery {self.delivery_id} does not exist"


class CallbackError(OrchestratorError):
    """A notice to a client's own address got no answer."""

    code = "callback_failed"


class NotCompletedError(OrchestratorError):
    """What was asked for is not made yet, or will not be."""

    code = "not_completed"

    def __init__(self, job_id: str, status: str, stage: str) -> None:
        super().__init__(job_id, status, stage)
        self.job_id = job_id
        self.status = status
        self.stage = stage

    def __str__(self) -> str:
        return f"Job {self.job_id} is {self.status}: its {self.stage} has not completed"


class ArtifactGoneError(OrchestratorError):
    """A job's file is not at its service any more."""

    code = "artifact_gone"

    def __init__(self, job_id: str) -> None:
        super().__init__(job_id)
        self.job_id = job_id

    def __str__(self) -> str:
        return f"The file of job {self.job_id} does not exist any more"


class NoAudioError(OrchestratorError):
    """A job has taken the publisher's own subtitles, so there is no audio of it."""

    code = "no_audio"

    def __init__(self, job_id: str) -> None:
        super().__init__(job_id)
        self.job_id = job_id

    def __str__(self) -> str:
        return f"Job {self.job_id} took the publisher's subtitles: it has no audio"


class IllegalTransitionError(OrchestratorError):
    """The status of the job does not allow what was asked."""

    code = "illegal_transition"

    def __init__(self, job_id: str, status: str, action: str) -> None:
        super().__init__(job_id, status, action)
        self.job_id = job_id
        self.status = status
        self.action = action

    def __str__(self) -> str:
        return f"Job {self.job_id} is {self.status}: it cannot be {self.action}"
