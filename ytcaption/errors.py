"""The errors of the client.

    YTCaptionError
    ├── UsageError                 an argument, a setting or a local file is invalid
    ├── UnreachableError           no response, or an incomplete one
    ├── UnexpectedAnswerError      a response that is not from this API
    ├── WaitTimeoutError           the job did not end in time
    └── ApiError                   the API refused the request
        ├── InvalidRequestError    400, 413, 415, 422 and any other 4xx
        ├── NotAuthenticatedError  401
        ├── NotAllowedError        403
        ├── NotFoundError          404
        ├── ConflictError          409
        ├── GoneError              410
        ├── TooManyRequestsError   429
        └── ServerError            5xx

Decide by the class or ``code``; messages may change.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

from ytcaption.logins import hide_logins

__all__ = [
    "ApiError",
    "ConflictError",
    "GoneError",
    "InvalidRequestError",
    "NotAllowedError",
    "NotAuthenticatedError",
    "NotFoundError",
    "Problem",
    "ServerError",
    "TooManyRequestsError",
    "UnexpectedAnswerError",
    "UnreachableError",
    "UsageError",
    "WaitTimeoutError",
    "YTCaptionError",
    "to_api_error",
]


class YTCaptionError(Exception):
    """The base class of this package's errors."""


class UsageError(YTCaptionError):
    """An argument, a setting or a local file is invalid."""


class UnreachableError(YTCaptionError):
    """The API did not respond, or the connection was lost."""

    def __init__(self, url: str, detail: str) -> None:
        super().__init__(url, detail)
        self.url = url
        self.detail = detail

    def __str__(self) -> str:
        return hide_logins(f"Cannot reach {self.url}: {self.detail}")


class UnexpectedAnswerError(YTCaptionError):
    """The response is not one of this API."""

    def __init__(self, url: str, detail: str) -> None:
        super().__init__(url, detail)
        self.url = url
        self.detail = detail

    def __str__(self) -> str:
        return hide_logins(f"Unexpected response from {self.url}: {self.detail}")


class WaitTimeoutError(YTCaptionError):
    """A job did not end in time; it continues."""

    def __init__(self, job_id: str, timeout_s: float) -> None:
        super().__init__(job_id, timeout_s)
        self.job_id = job_id
        self.timeout_s = timeout_s

    def __str__(self) -> str:
        return f"Job {self.job_id} did not end within {self.timeout_s:g} s; it continues"


@dataclass(frozen=True)
class Problem:
    """The problem details of an error response (RFC 9457)."""

    status_code: int
    code: str
    """A stable, machine-readable code."""
    detail: str
    """A human-readable message."""
    request_id: str | None = None
    """The id of the request in the server's log."""
    faults: Sequence[Mapping[str, str]] = field(default_factory=tuple)
    """The invalid fields, each with ``pointer`` and ``detail``."""
    retry_after_s: float | None = None
    """Seconds until a retry may succeed, if the API reports it."""


class ApiError(YTCaptionError):
    """The API refused a request; ``problem`` has the details."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem)
        self.problem = problem

    @property
    def code(self) -> str:
        """The stable, machine-readable code."""
        return self.problem.code

    @property
    def request_id(self) -> str | None:
        """The id of the request in the server's log."""
        return self.problem.request_id

    def __str__(self) -> str:
        request = f", request {self.request_id}" if self.request_id else ""
        return f"{self.problem.detail} ({self.code}, {self.problem.status_code}{request})"


class InvalidRequestError(ApiError):
    """The request is invalid."""


class NotAuthenticatedError(ApiError):
    """The API key is missing or invalid."""


class NotAllowedError(ApiError):
    """The API key lacks the required scope."""


class NotFoundError(ApiError):
    """The resource does not exist, or belongs to another owner."""


class ConflictError(ApiError):
    """The current state does not allow this, such as the transcript of a running job."""


class GoneError(ApiError):
    """The resource existed and has been deleted."""


class TooManyRequestsError(ApiError):
    """Too many requests; retry after ``problem.retry_after_s`` seconds."""


class ServerError(ApiError):
    """The API or one of its dependencies failed; a retry may succeed."""


_CLASSES: Final[Mapping[int, type[ApiError]]] = {
    HTTPStatus.UNAUTHORIZED: NotAuthenticatedError,
    HTTPStatus.FORBIDDEN: NotAllowedError,
    HTTPStatus.NOT_FOUND: NotFoundError,
    HTTPStatus.CONFLICT: ConflictError,
    HTTPStatus.GONE: GoneError,
    HTTPStatus.TOO_MANY_REQUESTS: TooManyRequestsError,
}


def to_api_error(status_code: int, body: Mapping[str, Any], retry_after: str | None) -> ApiError:
    """Return the error for a response of type ``application/problem+json``.

    Args:
        status_code: The HTTP status.
        body: The JSON body; missing fields are derived from the status.
        retry_after: The ``Retry-After`` header; only its form in seconds is supported.
    """
    is_server = status_code >= HTTPStatus.INTERNAL_SERVER_ERROR
    kind = ServerError if is_server else _CLASSES.get(status_code, InvalidRequestError)
    problem = Problem(
        status_code=status_code,
        code=str(body.get("code") or f"http_{status_code}"),
        detail=str(body.get("detail") or body.get("title") or f"HTTP status {status_code}"),
        request_id=body.get("request_id"),
        faults=tuple(body.get("errors") or ()),
        retry_after_s=float(retry_after) if retry_after and retry_after.isdecimal() else None,
    )
    return kind(problem)
