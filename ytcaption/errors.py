"""Everything that can go wrong between a client and the API.

    YTCaptionError
    ├── UsageError                 what was asked for cannot be asked: an id, a setting, a file
    ├── UnreachableError           nobody answers, or not to the end
    ├── UnexpectedAnswerError      somebody answers, but not this API
    ├── WaitTimeoutError           the job has not ended within the time that was given
    └── ApiError                   the API says no, and why
        ├── InvalidRequestError    400, 413, 415, 422 and every 4xx without a name of its own
        ├── NotAuthenticatedError  401
        ├── NotAllowedError        403
        ├── NotFoundError          404
        ├── ConflictError          409
        ├── GoneError              410
        ├── TooManyRequestsError   429
        └── ServerError            5xx

Decide by the class or by ``code``; texts are for people and change.
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
    "refusal_of",
]


class YTCaptionError(Exception):
    """The root of all errors of this package."""


class UsageError(YTCaptionError):
    """What was asked for cannot be asked."""


class UnreachableError(YTCaptionError):
    """Nobody answers at an address, or the answer broke off."""

    def __init__(self, url: str, detail: str) -> None:
        super().__init__(url, detail)
        self.url = url
        self.detail = detail

    def __str__(self) -> str:
        return hide_logins(f"{self.url} cannot be reached: {self.detail}")


class UnexpectedAnswerError(YTCaptionError):
    """What answers at an address does not speak like this API."""

    def __init__(self, url: str, detail: str) -> None:
        super().__init__(url, detail)
        self.url = url
        self.detail = detail

    def __str__(self) -> str:
        return hide_logins(f"{self.url} does not answer as this API does: {self.detail}")


class WaitTimeoutError(YTCaptionError):
    """A job has not ended within the time that was given; it goes on."""

    def __init__(self, job_id: str, timeout_s: float) -> None:
        super().__init__(job_id, timeout_s)
        self.job_id = job_id
        self.timeout_s = timeout_s

    def __str__(self) -> str:
        return f"Job {self.job_id} has not ended within {self.timeout_s:g} s; it goes on"


@dataclass(frozen=True)
class Problem:
    """A refusal as the API words it (RFC 9457)."""

    status_code: int
    code: str
    """A stable word for programs."""
    detail: str
    """A sentence for a person."""
    request_id: str | None = None
    """By which the operator finds the request in the log."""
    faults: Sequence[Mapping[str, str]] = field(default_factory=tuple)
    """What is at fault: ``pointer`` and ``detail`` of each."""
    retry_after_s: float | None = None
    """When to come back, where the API says so."""


class ApiError(YTCaptionError):
    """The API has refused a request; ``problem`` has all that it said."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem)
        self.problem = problem

    @property
    def code(self) -> str:
        """The stable word for programs."""
        return self.problem.code

    @property
    def request_id(self) -> str | None:
        """By which the operator finds the request in the log."""
        return self.problem.request_id

    def __str__(self) -> str:
        request = f", request {self.request_id}" if self.request_id else ""
        return f"{self.problem.detail} ({self.code}, {self.problem.status_code}{request})"


class InvalidRequestError(ApiError):
    """The request itself is at fault."""


class NotAuthenticatedError(ApiError):
    """The API wants a key, or another one."""


class NotAllowedError(ApiError):
    """The key may not do this."""


class NotFoundError(ApiError):
    """There is no such thing, or it is somebody else's."""


class ConflictError(ApiError):
    """Not possible as things stand, e.g. the transcript of a job that still runs."""


class GoneError(ApiError):
    """It was there, and is no more."""


class TooManyRequestsError(ApiError):
    """Too much at once; ``problem.retry_after_s`` says when to come back."""


class ServerError(ApiError):
    """The API, or something that it needs, is not well; it may pass."""


_CLASSES: Final[Mapping[int, type[ApiError]]] = {
    HTTPStatus.UNAUTHORIZED: NotAuthenticatedError,
    HTTPStatus.FORBIDDEN: NotAllowedError,
    HTTPStatus.NOT_FOUND: NotFoundError,
    HTTPStatus.CONFLICT: ConflictError,
    HTTPStatus.GONE: GoneError,
    HTTPStatus.TOO_MANY_REQUESTS: TooManyRequestsError,
}


def refusal_of(status_code: int, body: Mapping[str, Any], retry_after: str | None) -> ApiError:
    """Return the error for an answer of ``application/problem+json``.

    Args:
        status_code: Of the answer.
        body: Its JSON; whatever is missing in it is made up from the status.
        retry_after: The header, of which only the form in seconds is read.
    """
    is_server = status_code >= HTTPStatus.INTERNAL_SERVER_ERROR
    kind = ServerError if is_server else _CLASSES.get(status_code, InvalidRequestError)
    named = Problem(
        status_code=status_code,
        code=str(body.get("code") or f"http_{status_code}"),
        detail=str(body.get("detail") or body.get("title") or f"HTTP status {status_code}"),
        request_id=body.get("request_id"),
        faults=tuple(body.get("errors") or ()),
        retry_after_s=float(retry_after) if retry_after and retry_after.isdecimal() else None,
    )
    return kind(named)
