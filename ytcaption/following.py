"""Following a job to its end, through restarts of the API and broken connections."""

import time
from collections.abc import Iterator
from http import HTTPStatus
from typing import Final

import requests

from ytcaption.errors import UnexpectedAnswerError, UnreachableError, YTCaptionError
from ytcaption.events import Event, read_events
from ytcaption.jobs import Job
from ytcaption.patience import Patience
from ytcaption.transport import CONNECT_TIMEOUT_S, Transport, read_as

__all__ = ["watch_events", "watch_job"]

_WAIT_S: Final = 20
_ANSWER_TIMEOUT: Final = (CONNECT_TIMEOUT_S, _WAIT_S + 20.0)
_STREAM_TIMEOUT: Final = (CONNECT_TIMEOUT_S, 45.0)  # there is a sign of life every 15 s
_POLL_S: Final = 2.0  # between two calls, where the API, or a proxy before it, does not wait


def watch_job(transport: Transport, path: str, patience: Patience) -> Iterator[Job]:
    """Yield a job as it is, then after each of its changes, until it has ended.

    Where nothing changes it is yielded every 20 s all the same. The API is asked to answer at the
    next change (RFC 7240); one that does not is polled.

    Args:
        transport: Of the API.
        path: Of the job.
        patience: With an API that is away.

    Raises:
        YTCaptionError: It was away for too long, or there is no such job any more.
    """
    known: str | None = None
    job: Job | None = None
    while True:
        wish = {"Prefer": f"wait={_WAIT_S}", "If-None-Match": known} if known else {}
        try:
            answer = transport.ask("GET", path, headers=wish, timeout=_ANSWER_TIMEOUT)
        except YTCaptionError as error:
            patience.bear(error)
            continue
        patience.restore()
        if job is None or answer.status_code != HTTPStatus.NOT_MODIFIED:
            job = read_as(Job, answer)
        yield job
        if job.is_over:
            return
        known = answer.headers.get("ETag")
        if not known or (wish and "Preference-Applied" not in answer.headers):
            time.sleep(_POLL_S)


def watch_events(
    transport: Transport, path: str, after: str | None, patience: Patience
) -> Iterator[Event]:
    """Yield what happens to a job as it happens, each event once, until the job has ended.

    Args:
        transport: Of the API.
        path: Of the job's events.
        after: The id of the last event that is known.
        patience: With an API that is away, and with streams that break.

    Raises:
        YTCaptionError: It was away for too long, or there is no such job any more.
    """
    while True:
        try:
            for event in _read_stream(transport, path, after):
                patience.restore()
                after = event.event_id
                yield event
        except YTCaptionError as error:
            patience.bear(error)
        else:
            return


def _read_stream(transport: Transport, path: str, after: str | None) -> Iterator[Event]:
    headers = {"Accept": "text/event-stream"} | ({"Last-Event-ID": after} if after else {})
    with transport.stream("GET", path, headers=headers, timeout=_STREAM_TIMEOUT) as answer:
        if answer.status_code == HTTPStatus.NO_CONTENT:
            return  # all has been told before
        try:
            for event in read_events(_lines_of(answer)):
                yield event
                if event.kind == "end":
                    return
        except ValueError as error:
            raise UnexpectedAnswerError(transport.url, "an event is not JSON") from error
    raise UnreachableError(transport.url, "the stream of events broke off")


def _lines_of(answer: requests.Response) -> Iterator[bytes]:
    """Yield lines as they come; requests' own `iter_lines` waits for more than has come."""
    rest = b""
    while chunk := answer.raw.read1(decode_content=True):
        *lines, rest = (rest + chunk).split(b"\n")
        yield from lines
