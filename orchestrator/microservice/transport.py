"""One call to a service, and what every answer comes to: a body, or an error of ours."""

import math
import re
import socket
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any, TypeVar

import requests
from requests.exceptions import InvalidSchema, InvalidURL, ProxyError
from urllib3.exceptions import HTTPError, LocationValueError

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
from orchestrator.http.connections import root_cause
from orchestrator.http.stopping import StopSignal
from orchestrator.microservice.answers import parse_json, parse_retry_after
from orchestrator.microservice.retries import Retries
from orchestrator.microservice.session import ServiceSession
from orchestrator.settings import Settings
from orchestrator.telemetry.metrics import Counts
from orchestrator.telemetry.metrics.catalogue import BYTES

__all__ = ["Transport"]

_OVERLOADED_S = 5.0  # for a 429 that does not say how long
_LONGEST_REASON = 2000
_LONGEST_PAGE_BYTES = 4 * 1024 * 1024
_CHUNK_BYTES = 256 * 1024  # large enough that the work per read does not show

Result = TypeVar("Result")


class Transport:
    """Calls to one service.

    Args:
        name: The service's name, for errors.
        settings: Limits and waits.
        stop: Ends waits between retries.
        session: Carries the calls.
        counts: Where repetitions and streamed bytes are counted.
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
        self.repeated = Retries(name, settings, stop, self.counts).run
        """Makes a call, and again after transient errors, with growing waits between."""
        self._name = name
        self._settings = settings
        self._stop = stop
        self._session = session

    def read(self, response: requests.Response) -> Iterator[bytes]:
        """Yield a body's bytes as they come.

        Raises:
            ServiceUnavailableError: The connection broke, or the body is compressed, which was
                not asked for.
            TurnInterruptedError: The worker was told to stop.
        """
        encoding = response.headers.get("Content-Encoding") or "identity"
        if encoding != "identity":
            raise ServiceUnavailableError(self._name, f"the answer is in {encoding}")
        body, limit_s = response.raw, self._settings.status_timeout_s
        try:
            while True:
                # Not iter_content, which waits until a chunk is full: deadlines would not hold.
                with self._session.opened.limit(body.shutdown, limit_s=limit_s):
                    chunk = body.read1(_CHUNK_BYTES, decode_content=False)
                if not chunk:
                    return
                yield chunk
        except (HTTPError, OSError) as error:
            raise self._broken(f"the transfer broke: {_reason(error)}") from error

    def stream(self, response: requests.Response) -> Iterator[bytes]:
        """Yield the bytes of an artifact as they come, and count them."""
        count = 0
        try:
            for chunk in self.read(response):
                count += len(chunk)
                yield chunk
        finally:
            self.counts.add(BYTES, self._name, amount=count)

    def _broken(self, reason: str) -> OrchestratorError:
        """Return the error that a broken connection stands for."""
        if self._stop.is_set:
            return TurnInterruptedError("The worker was told to stop")
        return ServiceUnavailableError(self._name, reason)

    def read_whole(
        self,
        response: requests.Response,
        *,
        limit_s: float | None = None,
        most_bytes: float = math.inf,
    ) -> bytes:
        """Return a small body; reading it to its end lets its connection be used again."""
        deadline = time.monotonic() + (limit_s or self._settings.status_timeout_s)
        body = bytearray()
        for chunk in self.read(response):
            body += chunk
            if len(body) > most_bytes:
                raise ServiceUnavailableError(self._name, "the answer is too long")
            if time.monotonic() > deadline:
                raise ServiceUnavailableError(self._name, "it did not answer in time")
        return bytes(body)

    def read_any(self, url: str, *, limit_s: float) -> bytes:
        """Return the body of whatever a URL answers, within a time in seconds.

        Raises:
            ServiceUnavailableError: There is no answer, or it is too long.
        """
        with self._open(requests.Request("GET", url), (limit_s, limit_s)) as response:
            return self.read_whole(response, limit_s=limit_s, most_bytes=_LONGEST_PAGE_BYTES)

    @contextmanager
    def call(
        self,
        request: requests.Request,
        *,
        patience_s: float = 0.0,
        found: str | None = None,
        passed: int | None = None,
    ) -> Iterator[requests.Response]:
        """Make one call and give its answer, whose body is yet to be read.

        Args:
            request: What is sent.
            patience_s: How long the service was asked to wait, in seconds.
            found: The remote job that a 404 would mean is lost.
            passed: A status of 400 or above that is no error to the caller.

        Raises:
            RemoteJobLostError: A 404 for ``found``.
            ServiceError: A redirect, any other answer of 400 or above, or none.
            TurnInterruptedError: The worker was told to stop.
        """
        timeout_s = self._settings.status_timeout_s
        request.headers = {**tracing.headers(), **request.headers}
        with self._open(request, (timeout_s, timeout_s + patience_s)) as response:
            status = response.status_code
            if status == HTTPStatus.NOT_FOUND and found:
                raise RemoteJobLostError(self._name, found)
            if status >= HTTPStatus.BAD_REQUEST and status != passed:
                raise self._refusal(response)
            is_below_error = HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST
            if is_below_error and status != HTTPStatus.NOT_MODIFIED:
                raise self._redirect(response)
            yield response

    def _open(self, request: requests.Request, timeout: tuple[float, float]) -> requests.Response:
        try:
            return self._session.open(request, timeout=timeout)
        except (requests.RequestException, HTTPError) as error:
            raise self._broken(_reason(error)) from error
        except OSError as error:  # requests does not wrap this one
            detail = "the certificate authorities that REQUESTS_CA_BUNDLE names cannot be read"
            raise self._broken(detail) from error

    def _refusal(self, response: requests.Response) -> ServiceError:
        """Return the error that an answer of 400 or above stands for."""
        status_code = response.status_code
        body = self.read_whole(response, most_bytes=_LONGEST_PAGE_BYTES)
        detail, code, is_retryable = _problem(body, response.reason)
        retry_after = response.headers.get("Retry-After")
        is_overloaded = status_code == HTTPStatus.TOO_MANY_REQUESTS or (
            status_code == HTTPStatus.SERVICE_UNAVAILABLE and retry_after
        )
        # A refusal that may be none later, e.g. for a model that cannot be loaded just now.
        is_server_error = status_code >= HTTPStatus.INTERNAL_SERVER_ERROR
        if is_overloaded or (is_retryable and not is_server_error):
            sent = response.headers.get("Date")
            wait_s = parse_retry_after(retry_after, sent=sent, default_s=_OVERLOADED_S)
            return ServiceOverloadedError(self._name, detail, wait_s)
        if is_server_error:
            return ServiceUnavailableError(self._name, detail, status_code)
        return ServiceRejectedError(self._name, detail, status_code, code)

    def _redirect(self, response: requests.Response) -> ServiceError:
        """Return the error that a redirect stands for; whatever follows the path is left out."""
        target = re.split("[?#]", hide_login(response.headers.get("Location", "")))[0]
        variable = f"{self._name.upper().replace('-', '_')}_URL"
        detail = (
            f"it redirects to {target[:_LONGEST_REASON] or 'nowhere'}, and redirects are not "
            f"followed; set {variable} to the URL that answers"
        )
        return ServiceUnavailableError(self._name, detail, response.status_code)

    def parsed(
        self,
        response: requests.Response,
        parse: Callable[[Any], Result],
        *,
        limit_s: float | None = None,
    ) -> Result:
        """Return what ``parse`` makes of a JSON body.

        Raises:
            ServiceUnavailableError: It is no JSON, or makes no sense.
        """
        body = self.read_whole(response, limit_s=limit_s)
        try:
            return parse(parse_json(body))
        except (ValueError, RecursionError) as error:  # the latter: nested thousands deep
            raise ServiceUnavailableError(
                self._name, f"the answer makes no sense: {error}", response.status_code
            ) from error


def _problem(data: bytes, phrase: str | None) -> tuple[str, str | None, bool]:
    """Return the detail, the code and the class of an error answer, whatever form it has."""
    try:
        body = parse_json(data)
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, Mapping):
        return phrase or "no reason given", None, False
    detail = body.get("detail") or body.get("error") or body.get("title") or phrase
    code = body.get("code")
    reason = hide_logins(str(detail or "no reason given"))[:_LONGEST_REASON]
    return reason, code if isinstance(code, str) else None, body.get("retryable") is True


def _reason(error: BaseException) -> str:
    """Return what happened in a few words, without the addresses of objects in memory."""
    cause = root_cause(error)
    if isinstance(error, LocationValueError | InvalidURL | InvalidSchema | ProxyError):
        return _unusable_path(error)
    if isinstance(cause, TimeoutError):
        return "it did not answer in time"
    if isinstance(cause, ssl.SSLCertVerificationError):
        return f"its certificate is not valid: {cause.verify_message}"
    if isinstance(cause, socket.gaierror):
        return "its host name cannot be resolved"
    if isinstance(cause, OSError) and not isinstance(cause, requests.RequestException):
        return "it cannot be reached, or cut the connection"
    return "its response is incomplete or not HTTP"


def _unusable_path(error: BaseException) -> str:
    """Return what keeps a call from leaving, where the settings or the environment are to blame."""
    if isinstance(error, ProxyError):
        return (
            "its proxy cannot be reached, or refuses the call (HTTP_PROXY, HTTPS_PROXY, NO_PROXY)"
        )
    return "its URL, or that of its proxy, is not valid"
