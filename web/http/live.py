"""Long polling with ``Prefer: wait`` (RFC 7240), and Server-Sent Events."""

import re
from collections.abc import Callable, Iterable, Iterator
from http import HTTPStatus
from typing import Final

from flask import Response, json, request

from foundation.prefer import parse_wait_s
from orchestrator.domain.job import Job, milliseconds
from orchestrator.errors import InvalidRequestError
from orchestrator.store.events import LiveEvent
from orchestrator.use_cases.live import BEGINNING
from web.http.context import app_settings, jobs, live_updates
from web.schemas.jobs import to_rfc3339

__all__ = ["respond_with_job", "stream_events", "wants_stream"]

_STREAM: Final = "text/event-stream"
_EVENT_ID: Final = re.compile(r"\d{1,19}-\d{1,19}")  # the ids of a Redis stream: two 64-bit numbers
_RETRY_MS: Final = 2000  # how long a client waits before it reconnects


def respond_with_job(job: Job, serialize: Callable[[Job], str]) -> Response:
    """Return a job, with ``Prefer: wait=N`` after its next change or N seconds.

    With ``If-None-Match`` the response comes at once if the ETag differs already, and is 304 if
    the job has not changed when the wait ends.

    Args:
        job: The job as it is now.
        serialize: Returns the body as JSON.
    """
    wait_s = parse_wait_s(request.headers.get("Prefer", ""))
    wait_s = min(wait_s, int(app_settings().wait_max_s))
    if not wait_s:
        return _respond(job, serialize)
    if not request.if_none_match or request.if_none_match.contains_weak(_etag(job)):
        job = live_updates().await_change(job, wait_s=wait_s)
    with live_updates().reading():
        response = _respond(job, serialize)
    response.headers["Preference-Applied"] = f"wait={wait_s}"
    return response


def wants_stream() -> bool:
    """Whether ``Accept`` prefers an event stream to JSON."""
    return request.accept_mimetypes.best_match(["application/json", _STREAM]) == _STREAM


def stream_events(job_id: str) -> Response:
    """Stream a job's events, starting after ``Last-Event-ID``, until the job ends.

    Raises:
        InvalidRequestError: ``Last-Event-ID`` is not an event id.
        JobNotFoundError: The job does not exist.
    """
    with live_updates().reading():
        jobs().get(job_id)
    after = _read_last_event_id()
    news = live_updates().events_after(job_id, after=after)
    if news.is_over and not news.events:
        return Response(status=HTTPStatus.NO_CONTENT)  # makes an EventSource stop reconnecting
    batches = live_updates().follow(job_id, after=after)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}  # keeps nginx from buffering
    return Response(_format_stream(batches), mimetype=_STREAM, headers=headers)


def _read_last_event_id() -> str:
    # A reconnecting client sends the header with its original URL, so the header is newer.
    given = request.headers.get("Last-Event-ID")
    pointer = "header:Last-Event-ID" if given else "query:last_event_id"
    after = given or request.args.get("last_event_id") or BEGINNING
    if not _EVENT_ID.fullmatch(after):
        detail = f"{after} is not an event id; send the `id` of an event of this job"
        raise InvalidRequestError(detail, "event_id", pointer, after)
    return after


def _respond(job: Job, serialize: Callable[[Job], str]) -> Response:
    etag = _etag(job)
    if request.if_none_match.contains_weak(etag):
        response = Response(status=HTTPStatus.NOT_MODIFIED)
    else:
        response = Response(serialize(job), content_type="application/json")
    response.set_etag(etag, weak=True)
    response.headers["Vary"] = "Prefer"
    return response


def _etag(job: Job) -> str:
    """Return an ETag that also differs between two changes within one millisecond."""
    position = jobs().queue_position(job)
    progress = f"{job.overall_progress:g}"
    return f"{milliseconds(job.updated_at)}-{job.status}-{job.stage}-{progress}-{position or 0}"


def _format_stream(batches: Iterable[Iterable[LiveEvent]]) -> Iterator[str]:
    yield f"retry: {_RETRY_MS}\n\n"
    for events in batches:
        yield "".join(map(_format_event, events)) or ": heartbeat\n\n"


def _format_event(event: LiveEvent) -> str:
    data = json.dumps({"at": to_rfc3339(event.at), **event.facts})
    return f"event: {event.kind}\nid: {event.event_id}\ndata: {data}\n\n"
