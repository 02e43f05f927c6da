"""Answers for those who follow a job: ``Prefer: wait`` (RFC 7240) and Server-Sent Events."""

import re
from collections.abc import Callable, Iterable, Iterator
from http import HTTPStatus
from typing import Final

from flask import Response, json, request

from orchestrator.domain.job import Job, milliseconds
from orchestrator.errors import InvalidRequestError
from orchestrator.store.events import LiveEvent
from orchestrator.use_cases.live import BEGINNING
from web.http.context import app_settings, jobs, live_updates
from web.schemas.jobs import to_rfc3339

__all__ = ["parse_wait_s", "show_live", "stream", "wants_stream"]

_STREAM: Final = "text/event-stream"
_WAIT: Final = re.compile(r"(?:^|[,;\s])wait\s*=\s*\"?(\d{1,9})\"?(?=$|[,;\s])", re.IGNORECASE)
_EVENT_ID: Final = re.compile(r"\d{1,19}-\d{1,19}")  # two numbers that fit Redis's 64 bits
_RETRY_MS: Final = 2000  # how long a client that was cut off is to wait before it comes back


def show_live(job: Job, show: Callable[[Job], str]) -> Response:
    """Answer with a job, after its next change where ``Prefer: wait=N`` asks for it.

    A client that names what it knows in ``If-None-Match`` is answered at once where that is
    not so any more, and with 304 where nothing has changed in the end.

    Args:
        job: The job as it is now.
        show: Makes the body, as JSON.
    """
    wait_s = parse_wait_s(request.headers.get("Prefer", ""))
    wait_s = min(wait_s, int(app_settings().wait_max_s))
    if not wait_s:
        return _show(job, show)
    if not request.if_none_match or request.if_none_match.contains_weak(_tag(job)):
        job = live_updates().await_change(job, wait_s=wait_s)
    with live_updates().reading():
        response = _show(job, show)
    response.headers["Preference-Applied"] = f"wait={wait_s}"
    return response


def parse_wait_s(prefer: str) -> int:
    """Return how many seconds a ``Prefer`` header asks to wait; 0 for none."""
    found = _WAIT.search(prefer)
    return int(found.group(1)) if found else 0


def wants_stream() -> bool:
    """Tell whether the request asks for events as they happen; JSON where it does not care."""
    return request.accept_mimetypes.best_match(["application/json", _STREAM]) == _STREAM


def stream(job_id: str) -> Response:
    """Answer with a job's events, from the one after ``Last-Event-ID`` on, until it has ended.

    Raises:
        InvalidRequestError: That is no event's id.
        JobNotFoundError: There is no such job, or not any more.
    """
    with live_updates().reading():
        jobs().get(job_id)
    after = _read_last_event_id()
    news = live_updates().news(job_id, after=after)
    if news.is_over and not news.events:
        return Response(status=HTTPStatus.NO_CONTENT)  # tells a browser not to come back
    batches = live_updates().follow(job_id, after=after)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}  # nginx would hold it back
    return Response(_write(batches), mimetype=_STREAM, headers=headers)


def _read_last_event_id() -> str:
    # A client that reconnects sends the header beside its old address: the header is newer.
    given = request.headers.get("Last-Event-ID")
    pointer = "header:Last-Event-ID" if given else "query:last_event_id"
    after = given or request.args.get("last_event_id") or BEGINNING
    if not _EVENT_ID.fullmatch(after):
        detail = f"{after} is not the id of an event"
        raise InvalidRequestError(detail, "event_id", pointer, after)
    return after


def _show(job: Job, show: Callable[[Job], str]) -> Response:
    tag = _tag(job)
    if request.if_none_match.contains_weak(tag):
        response = Response(status=HTTPStatus.NOT_MODIFIED)
    else:
        response = Response(show(job), content_type="application/json")
    response.set_etag(tag, weak=True)
    response.headers["Vary"] = "Prefer"
    return response


def _tag(job: Job) -> str:
    """Name a state of a job; two changes within a millisecond differ in more than their time."""
    position = jobs().queue_position(job)
    progress = f"{job.overall_progress:g}"
    return f"{milliseconds(job.updated_at)}-{job.status}-{job.stage}-{progress}-{position or 0}"


def _write(batches: Iterable[Iterable[LiveEvent]]) -> Iterator[str]:
    yield f"retry: {_RETRY_MS}\n\n"
    for events in batches:
        yield "".join(map(_write_event, events)) or ": still here\n\n"


def _write_event(event: LiveEvent) -> str:
    data = json.dumps({"at": to_rfc3339(event.at), **event.facts})
    return f"event: {event.kind}\nid: {event.event_id}\ndata: {data}\n\n"
