"""Calls to a service: responses become bodies or errors of `orchestrator.errors`."""

import math
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, TypeVar

import requests
from urllib3.exceptions import HTTPError

from foundation import tracing
from foundation.logins import hide_login, hide_logins
from orchestrator.errors import (
    OrchestratorError,
    RemoteJobLostError,
    ServiceError,
    ServiceOverloadedError,
    ServiceRejectedError,
    ServiceUnavailableError,
    TurnInterruptedError,
)
from orchestrator.http.connections import describe_error
from orchestrator.http.stopping import StopSignal
from orchestrator.microservice.responses import parse_json, parse_retry_after
from orchestrator.microservice.retries import Retries
from orchestrator.microservice.session import ServiceSession
from orchestrator.settings import Settings
from orchestrator.telemetry.metrics import Counts
from orchestrator.telemetry.metrics.catalogue import BYTES

__all__ = ["Transport"]

_OVERLOADED_S = 5.0  # for a 429 without Retry-After
_MAX_REASON_CHARS = 2000
_MAX_PAGE_BYTES = 4 * 1024 * 1024
_CHUNK_BYTES = 256 * 1024  # large enough to make the cost per read negligible

Result = TypeVar("Result")


class Transport:
    """Calls to one service.

    Args:
        name: The service's name, for errors.
        settings: Limits and waits.
        stop: Ends the waits between retries.
        session: The HTTP session.
        counts: Counts retries and streamed bytes.
    """

    def __init__(
        self,
        name: str,
        settings: Settings,
        stop: StopSignal,
        session: ServiceSession,
        counts: Counts | None = None,
    ) -> None:
        self.counts = counts or Counts()
        self.retry = Retries(name, settings, stop, self.counts).run
        """Makes a call, and repeats it after transient errors, with exponential backoff."""
        self._name = name
        self._settings = settings
        self._stop = stop
        self._session = session

    def read(self, response: requests.Response) -> Iterator[bytes]:
        """Yield the bytes of a body as they arrive.

        Raises:
            ServiceUnavailableError: The connection broke, or the body is compressed, although
                the request did not accept that.
            TurnInterruptedError: The worker is stopping.
        """
        encoding = response.headers.get("Content-Encoding") or "identity"
        if encoding != "identity":
            raise ServiceUnavailableError(self._name, f"its response is encoded as {encoding}")
        body, limit_s = response.raw, self._settings.status_timeout_s
        try:
            while True:
                # iter_content waits until a chunk is full, which would break deadlines.
                with self._session.opened.limit(body.shutdown, limit_s=limit_s):
                    chunk = body.read1(_CHUNK_BYTES, decode_content=False)
                if not chunk:
                    return
                yield chunk
        except (HTTPError, OSError) as error:
            raise self._connection_error(f"the transfer failed: {describe_error(error)}") from error

    def stream(self, response: requests.Response) -> Iterator[bytes]:
        """Yield the bytes of an artifact as they arrive, and count them."""
        count = 0
        try:
            for chunk in self.read(response):
                count += len(chunk)
                yield chunk
        finally:
            self.counts.add(BYTES, self._name, amount=count)

    def _connection_error(self, reason: str) -> OrchestratorError:
        """Return the error for a broken connection, which a stopping worker causes itself."""
        if self._stop.is_set:
            return TurnInterruptedError("The worker is stopping")
        return ServiceUnavailableError(self._name, reason)

    def read_whole(
        self,
        response: requests.Response,
        *,
        limit_s: float | None = None,
        max_bytes: float = math.inf,
    ) -> bytes:
        """Return a small body; a connection is reused once its body was read to the end."""
        deadline = time.monotonic() + (limit_s or self._settings.status_timeout_s)
        body = bytearray()
        for chunk in self.read(response):
            body += chunk
            if len(body) > max_bytes:
                detail = f"its response is larger than {max_bytes:.0f} bytes"
                raise ServiceUnavailableError(self._name, detail)
            if time.monotonic() > deadline:
                raise ServiceUnavailableError(self._name, "it did not respond in time")
        return bytes(body)

    def read_any(self, url: str, *, limit_s: float) -> bytes:
        """Return the body of any response to a GET request, whatever its status.

        Args:
            url: The URL.
            limit_s: The limit for the whole call, in seconds.

        Raises:
            ServiceUnavailableError: There is no response, or it is too large.
        """
        with self._open(requests.Request("GET", url), (limit_s, limit_s)) as response:
            return self.read_whole(response, limit_s=limit_s, max_bytes=_MAX_PAGE_BYTES)

    @contextmanager
    def call(
        self,
        request: requests.Request,
        *,
        hold_s: float = 0.0,
        remote_id: str | None = None,
        allowed_status: int | None = None,
    ) -> Iterator[requests.Response]:
        """Make one call, and yield the response before its body is read.

        Args:
            request: The request.
            hold_s: How long the service was asked to hold the response open, in seconds.
            remote_id: The remote job that is lost if the status is 404.
            allowed_status: A status of 400 or above that is not an error to the caller.

        Raises:
            RemoteJobLostError: The status is 404, and there is a `remote_id`.
            ServiceError: The status is a redirect or another one of 400 or above, or there is no
                response.
            TurnInterruptedError: The worker is stopping.
        """
        timeout_s = self._settings.status_timeout_s
        request.headers = {**tracing.headers(), **request.headers}
        with self._open(request, (timeout_s, timeout_s + hold_s)) as response:
            status = response.status_code
            if status == HTTPStatus.NOT_FOUND and remote_id:
                raise RemoteJobLostError(self._name, remote_id)
            if status >= HTTPStatus.BAD_REQUEST and status != allowed_status:
                raise self._status_error(response)
            is_below_error = HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST
            if is_below_error and status != HTTPStatus.NOT_MODIFIED:
                raise self._redirect_error(response)
            yield response

    def _open(self, request: requests.Request, timeout: tuple[float, float]) -> requests.Response:
        try:
            return self._session.open(request, timeout=timeout)
        except (requests.RequestException, HTTPError) as error:
            raise self._connection_error(describe_error(error)) from error
        except OSError as error:  # requests does not wrap this one
            detail = "could not read the certificate authorities that REQUESTS_CA_BUNDLE names"
            raise self._connection_error(detail) from error

    def _status_error(self, response: requests.Response) -> ServiceError:
        """Return the error for a status of 400 or above."""
        status_code = response.status_code
        body = self.read_whole(response, max_bytes=_MAX_PAGE_BYTES)
        problem = _parse_problem(body, response.reason)
        retry_after = response.headers.get("Retry-After")
        is_overloaded = status_code == HTTPStatus.TOO_MANY_REQUESTS or (
            status_code == HTTPStatus.SERVICE_UNAVAILABLE and retry_after
        )
        # A retryable 4xx, for example for a model that cannot be loaded now, is overload.
        is_server_error = status_code >= HTTPStatus.INTERNAL_SERVER_ERROR
        if is_overloaded or (problem.is_retryable and not is_server_error):
            sent = response.headers.get("Date")
            wait_s = parse_retry_after(retry_after, sent=sent, default_s=_OVERLOADED_S)
            return ServiceOverloadedError(self._name, problem.detail, wait_s)
        if is_server_error:
            return ServiceUnavailableError(self._name, problem.detail, status_code)
        return ServiceRejectedError(self._name, problem.detail, status_code, problem.code)

    def _redirect_error(self, response: requests.Response) -> ServiceError:
        """Return the error for a redirect, without query and fragment of its target."""
        target = re.split("[?#]", hide_login(response.headers.get("Location", "")))[0]
        variable = f"{self._name.upper().replace('-', '_')}_URL"
        detail = (
            f"it redirects to {target[:_MAX_REASON_CHARS] or 'nowhere'}, and redirects are not "
            f"followed; set {variable} to the final URL"
        )
        return ServiceUnavailableError(self._name, detail, response.status_code)

    def read_json(
        self,
        response: requests.Response,
        parse: Callable[[Any], Result],
        *,
        limit_s: float | None = None,
    ) -> Result:
        """Parse a JSON body.

        Raises:
            ServiceUnavailableError: The body is not JSON, or `parse` raised `ValueError`.
        """
        body = self.read_whole(response, limit_s=limit_s)
        try:
            return parse(parse_json(body))
        except (ValueError, RecursionError) as error:  # the latter: nested thousands deep
            raise ServiceUnavailableError(
                self._name, f"its response is invalid: {error}", response.status_code
            ) from error


@dataclass(frozen=True)
class _Problem:
    """The body of an error response."""

    detail: str
    code: str | None = None
    is_retryable: bool = False


def _parse_problem(data: bytes, phrase: str | None) -> _Problem:
    """Parse the body of an error response in any form; fall back to the reason phrase."""
    try:
        body = parse_json(data)
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, Mapping):
        return _Problem(phrase or "no reason given")
    detail = body.get("detail") or body.get("error") or body.get("title") or phrase
    code = body.get("code")
    reason = hide_logins(str(detail or "no reason given"))[:_MAX_REASON_CHARS]
    return _Problem(reason, code if isinstance(code, str) else None, body.get("retryable") is True)
