"""One call to a service, and what every answer comes to: a body, or an error of ours."""

import math
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, TypeVar

from orchestrator import tracing
from orchestrator.errors import (
    OrchestratorError,
    RemoteJobLostError,
    ServiceError,
    ServiceOverloadedError,
    ServiceRejectedError,
    ServiceUnavailableError,
    TurnInterruptedError,
)
from orchestrator.logins import hide_logins
from orchestrator.metrics import Counts
from orchestrator.metrics.catalogue import BYTES, RETRIES
from orchestrator.microservice.answers import parse_json, parse_retry_after
from orchestrator.microservice.pacing import retry_waits
from orchestrator.microservice.pool import ConnectionPool
from orchestrator.microservice.wire import Answer, Request
from orchestrator.settings import Settings
from orchestrator.stopping import StopSignal

__all__ = ["Transport"]

_IDLE_TRANSFERS = 16  # connections that are kept open between transfers
_OVERLOADED_S = 5.0  # for a 429 that does not say how long
_LONGEST_REASON = 2000
_LONGEST_PAGE_BYTES = 4 * 1024 * 1024
_NOT_FOUND = 404
_TOO_MANY_REQUESTS = 429
_UNAVAILABLE = 503
_FIRST_ERROR = 400
_FIRST_SERVER_ERROR = 500

Result = TypeVar("Result")


class Transport:
    """Connections to one service: short waiting calls on some, transfers on others.

    Args:
        name: The service's name, for errors.
        settings: Limits and waits.
        stop: Ends waiting calls at once, and transfers after `SHUTDOWN_TRANSFER_SECONDS`.
        counts: Where repetitions and streamed bytes are counted.
    """

    def __init__(
        self, name: str, settings: Settings, stop: StopSignal, counts: Counts | None = None
    ) -> None:
        self.counts = counts or Counts()
        self._name = name
        self._settings = settings
        self._stop = stop
        self.polls = ConnectionPool(size=settings.worker_concurrency)
        self.transfers = ConnectionPool(size=_IDLE_TRANSFERS)
        self._headers = {}
        if settings.service_token:
            token = settings.service_token.get_secret_value()
            self._headers["Authorization"] = f"Bearer {token}"
        stop.on_set(self.polls.interrupt)
        stop.on_set(lambda: _later(settings.shutdown_transfer_s, self.transfers.interrupt))

    def read(self, response: Answer) -> Iterator[bytes]:
        """Yield a body's bytes as they come.

        Raises:
            ServiceUnavailableError: The connection broke, or the body is compressed, which was
                not asked for.
            TurnInterruptedError: The worker was told to stop.
        """
        encoding = response.header("Content-Encoding") or "identity"
        if encoding != "identity":
            raise ServiceUnavailableError(self._name, f"the answer is in {encoding}")
        try:
            yield from response.chunks()
        except OSError as error:
            raise self._broken(f"the transfer broke: {_reason(error)}") from error

    def stream(self, response: Answer) -> Iterator[bytes]:
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
        self, response: Answer, *, limit_s: float | None = None, most_bytes: float = math.inf
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
        """Return the body of whatever an address answers, within a time in seconds.

        Raises:
            ServiceUnavailableError: There is no answer, or it is too long.
        """
        request = Request("GET", url, self._headers)
        try:
            exchange = self.transfers.send(request, connect_s=limit_s, read_s=limit_s)
        except OSError as error:
            raise self._broken(_reason(error)) from error
        with exchange as response:
            return self.read_whole(response, limit_s=limit_s, most_bytes=_LONGEST_PAGE_BYTES)

    def repeated(self, call: Callable[[], Result]) -> Result:
        """Make a call, and again after transient errors, with growing waits between."""
        for wait_s in retry_waits(self._settings):
            try:
                return call()
            except ServiceUnavailableError:
                self.counts.add(RETRIES, self._name, "call")
                self._stop.sleep(wait_s)
        return call()

    @contextmanager
    def call(
        self,
        pool: ConnectionPool,
        request: Request,
        *,
        patience_s: float = 0.0,
        found: str | None = None,
        passed: int | None = None,
    ) -> Iterator[Answer]:
        """Make one call and give its answer, whose body is yet to be read.

        Args:
            pool: ``polls`` or ``transfers``.
            request: What is sent.
            patience_s: How long the service was asked to wait, in seconds.
            found: The remote job that a 404 would mean is lost.
            passed: A status that is no error to the caller.

        Raises:
            RemoteJobLostError: A 404 for ``found``.
            ServiceError: Any other answer of 400 or above, or none.
            TurnInterruptedError: The worker was told to stop.
        """
        timeout_s = self._settings.status_timeout_s
        whole = replace(request, headers={**self._headers, **tracing.headers(), **request.headers})
        try:
            exchange = pool.send(whole, connect_s=timeout_s, read_s=timeout_s + patience_s)
        except OSError as error:
            raise self._broken(_reason(error)) from error
        with exchange as response:
            if response.status == _NOT_FOUND and found:
                raise RemoteJobLostError(self._name, found)
            if response.status >= _FIRST_ERROR and response.status != passed:
                raise self._refusal(response)
            yield response

    def _refusal(self, response: Answer) -> ServiceError:
        """Return the error that an answer of 400 or above stands for."""
        status_code = response.status
        detail, code, is_retryable = _problem(self.read_whole(response), response.reason)
        retry_after = response.header("Retry-After")
        is_overloaded = status_code == _TOO_MANY_REQUESTS or (
            status_code == _UNAVAILABLE and retry_after
        )
        # A refusal that may be none later, e.g. for a model that cannot be loaded just now.
        if is_overloaded or (status_code < _FIRST_SERVER_ERROR and is_retryable):
            wait_s = parse_retry_after(retry_after, default_s=_OVERLOADED_S)
            return ServiceOverloadedError(self._name, detail, wait_s)
        if status_code >= _FIRST_SERVER_ERROR:
            return ServiceUnavailableError(self._name, detail, status_code)
        return ServiceRejectedError(self._name, detail, status_code, code)

    def parsed(
        self,
        response: Answer,
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
                self._name, f"the answer makes no sense: {error}", response.status
            ) from error


def _later(seconds: float, action: Callable[[], None]) -> None:
    """Do something after a while, unless the process has ended by then."""
    timer = threading.Timer(seconds, action)
    timer.daemon = True
    timer.start()


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


def _reason(error: OSError) -> str:
    """Return what happened in a few words, without the addresses of objects in memory."""
    if isinstance(error, TimeoutError):
        return "it did not answer in time"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not valid: {error.verify_message}"
    if type(error) is ConnectionError:
        return str(error)
    return "it cannot be reached, or cut the connection"
