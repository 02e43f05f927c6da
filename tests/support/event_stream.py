"""A client of a job's event stream."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import requests

__all__ = ["StreamedEvent", "open_stream", "read_stream"]

_SILENCE_S = 30.0


@dataclass(frozen=True)
class StreamedEvent:
    """One event, or a keep-alive comment if its kind is empty."""

    kind: str = ""
    event_id: str = ""
    facts: Any = None


@contextmanager
def open_stream(
    address: str, job_id: str, *, after: str | None = None, query: str = ""
) -> Iterator[Iterator[StreamedEvent]]:
    """Open a job's stream for the duration of the block.

    Args:
        address: Of the API.
        job_id: The job.
        after: Value of ``Last-Event-ID``.
        query: Of the address, with its question mark.
    """
    headers = {"Accept": "text/event-stream"} | ({"Last-Event-ID": after} if after else {})
    url = f"{address}/jobs/{job_id}/events{query}"
    with requests.get(url, headers=headers, stream=True, timeout=_SILENCE_S) as answer:
        assert answer.status_code == 200, answer.text
        assert answer.headers["Content-Type"].startswith("text/event-stream")
        yield _parse(answer.iter_lines(chunk_size=1, decode_unicode=True))


def read_stream(address: str, job_id: str, **options: Any) -> list[StreamedEvent]:
    """Return all events of a job until the end of its stream."""
    with open_stream(address, job_id, **options) as events:
        return [event for event in events if event.kind]


def _parse(lines: Iterator[str]) -> Iterator[StreamedEvent]:
    fields: dict[str, str] = {}
    for line in lines:
        if line.startswith(":"):
            yield StreamedEvent()
        elif line:
            name, _, value = line.partition(": ")
            fields[name] = value
        elif "event" in fields:
            yield StreamedEvent(fields["event"], fields["id"], json.loads(fields["data"]))
            fields = {}
