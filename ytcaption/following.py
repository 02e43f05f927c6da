"""Follow a job to its end, despite restarts of the API and lost connections."""

import time
from collections.abc import Iterator
from http import HTTPStatus
from typing import Final

import requests

from ytcaption.backoff import Backoff
from ytcaption.errors import UnexpectedAnswerError, UnreachableError, YTCaptionError
from ytcaption.events import Event, read_events
from ytcaption.jobs import Job
from ytcaption.transport import CONNECT_TIMEOUT_S, Transport, parse_as

__all__ = ["watch_events", "watch_job"]

_WAIT_S: Final = 20
_RESPONSE_TIMEOUT: Final = (CONNECT_TIMEOUT_S, _WAIT_S + 20.0)
_STREAM_TIMEOUT: Final = (CONNECT_TIMEOUT_S, 45.0)  # the API sends a heartbeat every 15 s
_POLL_S: Final = 2.0  # if the API, or a proxy in front of it, ignores Prefer: wait


def watch_job(transport: Transport, path: str, backoff: Backoff) -> Iterator[Job]:
    """Yield a job now, after each change and at least every 20 s, until it has ended.

    The API responds at the next change (``Prefer: wait``, RFC 7240); otherwise it is polled.

    Args:
        transport: The transport to the API.
        path: The path of the job.
        backoff: The waits while the API is unavailable.

    Raises:
        YTCaptionError: The API was unavailable for too long, or the job does not exist.
    """
    known: str | None = None
    job: Job | None = None
    while True:
        headers = {"Prefer": f"wait={_WAIT_S}", "If-None-Match": known} if known else {}
        try:
            response = transport.request("GET", path, headers=headers, timeout=_RESPONSE_TIMEOUT)
        except YTCaptionError as error:
            backoff.wait(error)
            continue
        backoff.reset()
        if job is None or response.status_code != HTTPStatus.NOT_MODIFIED:
            job = parse_as(Job, response)
        yield job
        if job.is_over:
            return
        known = response.headers.get("ETag")
        if not known or (headers and "Preference-Applied" not in response.headers):
            time.sleep(_POLL_S)


def watch_events(
    transport: Transport, path: str, after: str | None, backoff: Backoff
) -> Iterator[Event]:
    """Yield a job's events as they happen, each once, until the job has ended.

    Args:
        transport: The transport to the API.
        path: The path of the job's events.
        after: The id of the last event that was received.
        backoff: The waits while the API is unavailable or after a lost connection.

    Raises:
        YTCaptionError: The API was unavailable for too long, or the job does not exist.
    """
    while True:
        try:
            for event in _read_stream(transport, path, after):
                backoff.reset()
                after = event.event_id
                yield event
        except YTCaptionError as error:
            backoff.wait(error)
        else:
            return


def _read_stream(transport: Transport, path: str, after: str | None) -> Iterator[Event]:
    headers = {"Accept": "text/event-stream"} | ({"Last-Event-ID": after} if after else {})
    with transport.stream("GET", path, headers=headers, timeout=_STREAM_TIMEOUT) as response:
        if response.status_code == HTTPStatus.NO_CONTENT:
            return  # all events were received before
        try:
            for event in read_events(_lines_of(response)):
                yield event
                if event.kind == "end":
                    return
        except ValueError as error:
            raise UnexpectedAnswerError(transport.url, "an event is not valid JSON") from error
    raise UnreachableError(transport.url, "the event stream was interrupted")


def _lines_of(response: requests.Response) -> Iterator[bytes]:
    """Yield lines as they arrive; requests' `iter_lines` waits until its buffer is full."""
    rest = b""
    while chunk := response.raw.read1(decode_content=True):
        *lines, rest = (rest + chunk).split(b"\n")
        yield from lines
