"""A job's history, and what those who follow it are told."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from orchestrator.job import JobStatus, instant
from orchestrator.store import keys
from orchestrator.store.connection import Connection

__all__ = ["EventStore", "LiveEvent", "News"]

_HISTORY: Final = frozenset({"stage", "segment"})
_STANDING: Final = frozenset({"status", "overall_progress"})  # the job itself tells them
_AT_ONCE: Final = 500  # some 100 kB; who is further behind asks again


@dataclass(frozen=True)
class LiveEvent:
    """One thing that happened to a job."""

    event_id: str
    """Grows from one event of a job to its next."""
    kind: str
    """``progress``, ``stage``, ``segment`` or ``end``."""
    facts: Mapping[str, Any]

    @property
    def at(self) -> datetime:
        """When it happened, on Redis's clock."""
        return _instant_of(self.event_id)


@dataclass(frozen=True)
class News:
    """What has happened since somebody looked last."""

    events: Sequence[LiveEvent]
    is_over: bool
    """Whether nothing more will come after these: the job has ended, or is gone."""


class EventStore:
    """Reads what the scripts record."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def history(self, job_id: str) -> Sequence[Mapping[str, Any]]:
        """Return transitions, attempts, retries, recoveries and segments, oldest first.

        Returns:
            Each with ``id``, ``at``, ``type`` and what happened.
        """
        with self._connection.commands() as client:
            entries = client.xrange(keys.events(job_id))
        return [
            {"id": entry_id, "at": _instant_of(entry_id), "type": "segment"}
            | _facts(fields, without=_STANDING)
            for entry_id, fields in entries
            if fields["kind"] in _HISTORY
        ]

    def news(self, job_id: str, *, after: str) -> News:
        """Return what a job's followers were told after an event, some hundreds at the most.

        Args:
            job_id: The job; it may be gone.
            after: The id of the last event that is known; ``0-0`` for none.
        """
        with self._connection.commands() as client:
            # The status first: what ends a job tells the end in the same step, so where the job
            # has ended before, the end is among the events.
            pipeline = client.pipeline(transaction=False)
            pipeline.hget(keys.job(job_id), "status")
            pipeline.xrange(keys.events(job_id), min=f"({after}", count=_AT_ONCE)
            status, entries = pipeline.execute()
        events = [
            LiveEvent(entry_id, fields["kind"], _facts(fields)) for entry_id, fields in entries
        ]
        has_ended = status is None or JobStatus(status).is_terminal
        return News(events, is_over=has_ended and len(events) < _AT_ONCE)


def _instant_of(event_id: str) -> datetime:
    return instant(event_id.partition("-")[0])


def _facts(fields: Mapping[str, str], *, without: frozenset[str] = frozenset()) -> dict[str, Any]:
    facts: dict[str, Any] = json.loads(fields["data"])
    if "worker" in facts:  # its whole name tells of a machine, which is for operators
        facts["worker"] = facts["worker"].rpartition(":")[2]
    return {name: value for name, value in facts.items() if name not in without}
