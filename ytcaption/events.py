"""What happened to a job, read from its stream of Server-Sent Events."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

__all__ = ["Event", "read_events"]


@dataclass(frozen=True)
class Event:
    """One thing that happened to a job."""

    event_id: str
    """Grows from one event of a job to its next."""
    kind: str
    """``stage``, ``progress``, ``segment`` or ``end``."""
    facts: Mapping[str, Any]
    """What the API says of it."""

    @property
    def at(self) -> datetime:
        """When it happened."""
        return datetime.fromisoformat(str(self.facts["at"]))


def read_events(lines: Iterable[bytes]) -> Iterator[Event]:
    """Yield the events of a stream (HTML standard, section 9.2.6), without its signs of life.

    Raises:
        ValueError: An event's data are not JSON.
    """
    fields: dict[str, str] = {}
    for line in (one.removesuffix(b"\r").decode() for one in lines):
        name, _, value = line.partition(":")
        if name:
            fields[name] = value.removeprefix(" ")
        elif not line:
            if "data" in fields:
                facts = json.loads(fields["data"])
                yield Event(fields.get("id", ""), fields.get("event", "message"), facts)
            fields = {}
