"""Events of a job, parsed from its stream of Server-Sent Events."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

__all__ = ["Event", "read_events"]


@dataclass(frozen=True)
class Event:
    """An event of a job."""

    event_id: str
    """The id; increases from event to event of a job."""
    kind: str
    """``stage``, ``progress``, ``segment`` or ``end``."""
    facts: Mapping[str, Any]
    """The event's data."""

    @property
    def at(self) -> datetime:
        """The time of the event."""
        return datetime.fromisoformat(str(self.facts["at"]))


def read_events(lines: Iterable[bytes]) -> Iterator[Event]:
    """Yield the events of a stream (HTML standard, section 9.2.6), without heartbeats.

    Raises:
        ValueError: The data of an event is not JSON.
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
