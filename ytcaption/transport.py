"""HTTP requests to one API: URLs, the API key, timeouts, and errors as exceptions."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from http import HTTPStatus
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

import requests
import urllib3

from ytcaption.early_responses import EarlyResponseAdapter
from ytcaption.errors import UnexpectedAnswerError, UnreachableError, UsageError, to_api_error
from ytcaption.logins import hide_logins
from ytcaption.models import ApiModel

__all__ = ["CONNECT_TIMEOUT_S", "Transport", "parse_as"]

CONNECT_TIMEOUT_S: Final = 10.0

# Statuses of a proxy whose API is down; the body is not problem+json.
_AWAY: Final = frozenset(
    {HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT}
)

Kind = TypeVar("Kind", bound=ApiModel)


class _Bearer(requests.auth.AuthBase):
    """Sends the key, if any. Without an `auth`, requests would send passwords from ~/.netrc."""

    def __init__(self, api_key: str | None) -> None:
        self._api_key = api_key

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._api_key:
            request.headers["Authorization"] = f"Bearer {self._api_key}"
        return request


class Transport:
    """Sends requests to one API over persistent connections.

    Args:
        url: The URL of the API, including a path prefix if a proxy adds one.
        api_key: The API key; sent with every request, never shown.
        timeout_s: The read timeout, in seconds.
        language: The language of the API's error messages: ``en`` or ``pt``.

    Raises:
        UsageError: The URL or the key is invalid.
    """

    def __init__(self, url: str, api_key: str | None, *, timeout_s: float, language: str) -> None:
        if not _is_url(url):
            shown = hide_logins(url)
            raise UsageError(f"{shown!r} is not a valid URL; use one such as http://127.0.0.1:8000")
        if api_key and not (api_key.isascii() and api_key.isprintable()):
            raise UsageError("The API key contains invalid characters")
        self.url = url.rstrip("/")
        self._timeout_s = timeout_s
        self._session = requests.Session()
        self._session.mount("http://", EarlyResponseAdapter())
        self._session.auth = _Bearer(api_key)
        self._session.headers.update({"Accept-Language": language, "User-Agent": "ytcaption"})

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def request(self, method: str, path: str, **options: Any) -> requests.Response:
        """Send one request and return the complete response.

        A GET request, or one with an ``Idempotency-Key``, is sent again once if the connection
        breaks, as an idle persistent connection may.

        Args:
            method: The HTTP method.
            path: The path under the API's URL.
            options: As for `requests.Session.request`.

        Raises:
            ApiError: The API refused the request.
            UnreachableError: The API does not respond.
            UnexpectedAnswerError: The response is not from this API.
        """
        if method == "GET" or "Idempotency-Key" in options.get("headers", {}):
            with suppress(UnreachableError):
                return self._send(method, path, options)
        return self._send(method, path, options)

    def request_as(self, kind: type[Kind], method: str, path: str, **options: Any) -> Kind:
        """Send one request and parse the response; raise as ``request`` does."""
        return parse_as(kind, self.request(method, path, **options))

    @contextmanager
    def stream(self, method: str, path: str, **options: Any) -> Iterator[requests.Response]:
        """Send one request; read the response within the block. Raise as ``request`` does."""
        options = {"timeout": (CONNECT_TIMEOUT_S, self._timeout_s), "stream": True, **options}
        try:
            with self._session.request(
                method, f"{self.url}{path}", allow_redirects=False, **options
            ) as response:
                _check(response)
                yield response
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            raise UnreachableError(self.url, _reason(error)) from error

    def _send(self, method: str, path: str, options: Mapping[str, Any]) -> requests.Response:
        with self.stream(method, path, **options, stream=False) as response:
            return response


def parse_as(kind: type[Kind], response: requests.Response) -> Kind:
    """Parse a response.

    Raises:
        UnexpectedAnswerError: The response is not valid for this model.
    """
    try:
        return kind.model_validate_json(response.content)
    except ValueError as error:
        raise _unexpected(response) from error


def _is_url(url: str) -> bool:
    try:
        parts = urlsplit(url)
        _ = parts.port  # may raise
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname)


def _check(response: requests.Response) -> None:
    status = response.status_code
    if status < HTTPStatus.MULTIPLE_CHOICES or status == HTTPStatus.NOT_MODIFIED:
        return
    retry_after = response.headers.get("Retry-After")
    kind = response.headers.get("Content-Type", "").partition(";")[0]
    if kind == "application/json" and status == HTTPStatus.SERVICE_UNAVAILABLE:
        return  # an unhealthy health report, not an error
    if kind == "application/problem+json":
        body = parse_as(ApiModel, response).model_extra or {}
        raise to_api_error(status, body, retry_after)
    if status in _AWAY:
        raise to_api_error(status, {"detail": f"{_base(response)}: {response.reason}"}, retry_after)
    raise _unexpected(response)


def _unexpected(response: requests.Response) -> UnexpectedAnswerError:
    redirect = (
        f", redirect to {response.headers['Location']}" if "Location" in response.headers else ""
    )
    kind = response.headers.get("Content-Type", "no content type")
    return UnexpectedAnswerError(
        _base(response), f"status {response.status_code}{redirect}, {kind}"
    )


def _base(response: requests.Response) -> str:
    return hide_logins(response.url.partition("?")[0])


def _reason(error: BaseException | None) -> str:
    """Return the system's short reason; messages of requests contain pools and objects."""
    if isinstance(error, requests.Timeout | urllib3.exceptions.TimeoutError):
        return "timed out"
    while error:
        if isinstance(error, OSError) and error.strerror:
            return error.strerror
        error = error.__cause__ or error.__context__
    return "the connection was lost"
