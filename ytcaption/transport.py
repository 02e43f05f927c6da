"""Requests to one API: addresses, the key, time limits, and errors as exceptions."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from http import HTTPStatus
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

import requests
import urllib3

from ytcaption.answers import Answer
from ytcaption.early_answers import EarlyAnswers
from ytcaption.errors import UnexpectedAnswerError, UnreachableError, UsageError, refusal_of
from ytcaption.logins import hide_logins

__all__ = ["CONNECT_TIMEOUT_S", "Transport", "read_as"]

CONNECT_TIMEOUT_S: Final = 10.0

# What a proxy says for an API that is away, in its own words instead of problem+json.
_AWAY: Final = frozenset(
    {HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT}
)

Kind = TypeVar("Kind", bound=Answer)


class _Bearer(requests.auth.AuthBase):
    """The key, if there is one. Without an `auth` requests would take a password of ~/.netrc."""

    def __init__(self, api_key: str | None) -> None:
        self._api_key = api_key

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._api_key:
            request.headers["Authorization"] = f"Bearer {self._api_key}"
        return request


class Transport:
    """Sends requests to one API over connections that it keeps.

    Args:
        url: Where the API is, with the path under which a proxy shows it, if any.
        api_key: Sent with every request; never shown.
        timeout_s: How long the API may be silent, in seconds.
        language: In which it words its errors: ``en`` or ``pt``.

    Raises:
        UsageError: That is no address, or no key.
    """

    def __init__(self, url: str, api_key: str | None, *, timeout_s: float, language: str) -> None:
        if not _is_address(url):
            shown = hide_logins(url)
            raise UsageError(f"{shown!r} is not an address; it must be like http://127.0.0.1:8000")
        if api_key and not (api_key.isascii() and api_key.isprintable()):
            raise UsageError("The API key has characters that no key has")
        self.url = url.rstrip("/")
        self._timeout_s = timeout_s
        self._session = requests.Session()
        self._session.mount("http://", EarlyAnswers())
        self._session.auth = _Bearer(api_key)
        self._session.headers.update({"Accept-Language": language, "User-Agent": "ytcaption"})

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def ask(self, method: str, path: str, **how: Any) -> requests.Response:
        """Send one request and return its whole answer.

        What may be sent twice without harm is sent again when a connection breaks, which one that
        was kept too long does: what only reads, and what carries an ``Idempotency-Key``.

        Args:
            method: The method.
            path: Under the API's address.
            how: As for `requests.Session.request`.

        Raises:
            ApiError: The API refuses.
            UnreachableError: It does not answer.
            UnexpectedAnswerError: That is not the API.
        """
        if method == "GET" or "Idempotency-Key" in how.get("headers", {}):
            with suppress(UnreachableError):
                return self._ask(method, path, how)
        return self._ask(method, path, how)

    def ask_for(self, kind: type[Kind], method: str, path: str, **how: Any) -> Kind:
        """Send one request and return its answer as what it is; raises as ``ask``."""
        return read_as(kind, self.ask(method, path, **how))

    @contextmanager
    def stream(self, method: str, path: str, **how: Any) -> Iterator[requests.Response]:
        """Send one request; its answer is read within the block. Raises as ``ask``."""
        how = {"timeout": (CONNECT_TIMEOUT_S, self._timeout_s), "stream": True, **how}
        try:
            with self._session.request(
                method, f"{self.url}{path}", allow_redirects=False, **how
            ) as answer:
                _check(answer)
                yield answer
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            raise UnreachableError(self.url, _reason(error)) from error

    def _ask(self, method: str, path: str, how: Mapping[str, Any]) -> requests.Response:
        with self.stream(method, path, **how, stream=False) as answer:
            return answer


def read_as(kind: type[Kind], answer: requests.Response) -> Kind:
    """Return what an answer says.

    Raises:
        UnexpectedAnswerError: It is nothing of this kind.
    """
    try:
        return kind.model_validate_json(answer.content)
    except ValueError as error:
        raise _unexpected(answer) from error


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        _ = parts.port  # which is read only now
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname)


def _check(answer: requests.Response) -> None:
    status = answer.status_code
    if status < HTTPStatus.MULTIPLE_CHOICES or status == HTTPStatus.NOT_MODIFIED:
        return
    retry_after = answer.headers.get("Retry-After")
    kind = answer.headers.get("Content-Type", "").partition(";")[0]
    if kind == "application/json" and status == HTTPStatus.SERVICE_UNAVAILABLE:
        return  # a report of bad health, and no refusal
    if kind == "application/problem+json":
        body = read_as(Answer, answer).model_extra or {}
        raise refusal_of(status, body, retry_after)
    if status in _AWAY:
        raise refusal_of(status, {"detail": f"{_base(answer)}: {answer.reason}"}, retry_after)
    raise _unexpected(answer)


def _unexpected(answer: requests.Response) -> UnexpectedAnswerError:
    to = f", to {answer.headers['Location']}" if "Location" in answer.headers else ""
    kind = answer.headers.get("Content-Type", "of no type")
    return UnexpectedAnswerError(_base(answer), f"status {answer.status_code}{to}, {kind}")


def _base(answer: requests.Response) -> str:
    return hide_logins(answer.url.partition("?")[0])


def _reason(error: BaseException | None) -> str:
    """Return the system's own short reason: requests' texts name its pools and objects."""
    if isinstance(error, requests.Timeout | urllib3.exceptions.TimeoutError):
        return "no answer in time"
    while error:
        if isinstance(error, OSError) and error.strerror:
            return error.strerror
        error = error.__cause__ or error.__context__
    return "the connection broke"
