"""A job's history, and what those who follow it are told."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from orchestrator.domain.findings import Findings, JobWarning, decode_findings, merge_findings
from orchestrator.domain.job import JobStatus, instant
from orchestrator.domain.pipeline import STAGES
from orchestrator.store import keys
from orchestrator.store.connection import Connection

__all__ = ["EventStore", "LiveEvent", "News"]

Segment = Mapping[str, Any]

_HISTORY: Final = frozenset({"stage", "segment"})
_STANDING: Final = frozenset({"status", "overall_progress"})  # the job itself tells them
_AT_ONCE: Final = 500  # some 100 kB; who is further behind asks again
_AS_BEFORE: Final = ""
_STAGE_FACTS: Final = ("type", "status", "overall_progress", "stage", "attempt", "worker", "reason")
"""What the values of an entry of the history are, in the order of ``record`` in lib.lua."""
_FOUND: Final = tuple(
    f"{stage.name}.{name}" for stage in STAGES for name in ("attempt", "warnings")
)
"""What of a job's hash its events need."""


@dataclass(frozen=True)
class _Entry:
    """What the scripts wrote of one or, of segments, several events."""

    entry_id: str
    kind: str
    data: Any


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
        found = self._read(job_id, after="0-0", count=None)
        return [
            {"id": event.event_id, "at": event.at, "type": "segment"}
            | {name: fact for name, fact in event.facts.items() if name not in _STANDING}
            for event in self._events(job_id, found)
            if event.kind in _HISTORY
        ]

    def news(self, job_id: str, *, after: str) -> News:
        """Return what a job's followers were told after an event, some hundreds at the most.

        Args:
            job_id: The job; it may be gone.
            after: The id of the last event that is known; ``0-0`` for none.
        """
        found = self._read(job_id, after=after, count=_AT_ONCE)
        # The id of some segments is that of the last one: the first may be known already.
        known = _parts(after)
        events = [event for event in self._events(job_id, found) if _parts(event.event_id) > known]
        if found.is_folded:
            return News(events, is_over=True)  # all of it had to be read at once
        has_ended = found.status is None or JobStatus(found.status).is_terminal
        is_all = len(found.entries) < _AT_ONCE and len(events) <= _AT_ONCE
        return News(events[:_AT_ONCE], is_over=has_ended and is_all)

    def _read(self, job_id: str, *, after: str, count: int | None) -> "_Found":
        """Read the entries after an event: those of a job that has ended are folded."""
        with self._connection.commands() as client:
            pipeline = client.pipeline(transaction=True)
            pipeline.hmget(keys.job(job_id), "status", *_FOUND)
            pipeline.xrange(keys.events(job_id), min=f"({after}", count=count)
            pipeline.hget(keys.result(job_id), "history")
            (status, *values), streamed, folded = pipeline.execute()
        warned = _Warned.read(values)
        if folded is not None:
            known = _parts(after)
            entries = [entry for entry in _unfold(folded) if _parts(entry.entry_id) > known]
            return _Found(status, entries, warned, is_folded=True)
        entries = [
            _Entry(entry_id, fields["kind"], json.loads(fields["data"]))
            for entry_id, fields in streamed
        ]
        return _Found(status, entries, warned, is_folded=False)

    def _events(self, job_id: str, found: "_Found") -> list[LiveEvent]:
        """Return the events that a stream's entries stand for."""
        entries = found.entries
        places = {
            entry.entry_id: _Place(*entry.data) for entry in entries if entry.kind == "segments"
        }
        bodies = self._bodies(job_id, places)
        events: list[LiveEvent] = []
        for entry in entries:
            place = places.get(entry.entry_id)
            if place:
                events += place.events(entry.entry_id, bodies.get(entry.entry_id, ()))
            else:
                facts = found.warned.complete(entry.kind, _facts(entry))
                events.append(LiveEvent(entry.entry_id, entry.kind, facts))
        return events

    def _bodies(self, job_id: str, places: Mapping[str, "_Place"]) -> dict[str, list[Segment]]:
        """Return what segments say: out of the transcript or, before there is one, the list."""
        if not places:
            return {}
        kept = [
            (place.at, place.at + place.count) for place in places.values() if place.at is not None
        ]
        first, end = (
            min((at for at, _ in kept), default=0),
            max((end for _, end in kept), default=0),
        )
        with self._connection.commands() as client:
            pipeline = client.pipeline(transaction=True)
            pipeline.hget(keys.result(job_id), "segments")
            pipeline.lrange(keys.segments(job_id), first, max(end - 1, first))
            made, told = pipeline.execute()
        if made is not None:
            whole: list[Segment] = json.loads(made)
            return {
                entry_id: whole[place.index : place.index + place.count]
                for entry_id, place in places.items()
            }
        return {
            entry_id: [*map(json.loads, told[place.at - first :][: place.count])]
            for entry_id, place in places.items()
            if place.at is not None
        }


@dataclass(frozen=True)
class _Warned:
    """The warnings of a job, which its hash holds and its events name.

    Args:
        stages: The present attempt of each stage that has completed, and its warnings.
    """

    stages: Mapping[str, tuple[int, Sequence[JobWarning]]]

    @classmethod
    def read(cls, values: Sequence[str | None]) -> "_Warned":
        """Read the values of ``_FOUND``."""
        stages = {}
        for stage, attempt, warnings in zip(STAGES, values[::2], values[1::2], strict=True):
            found = decode_findings({"warnings": warnings} if warnings else {})
            stages[stage.name] = (int(attempt or 1), found.warnings)
        return cls(stages)

    def complete(self, kind: str, facts: dict[str, Any]) -> dict[str, Any]:
        """Return the facts of an event, with the warnings where a stage or the job has ended."""
        warnings: Sequence[JobWarning] = ()
        if kind == "end":
            merged = merge_findings(Findings(tuple(one)) for _, one in self.stages.values())
            warnings = merged.warnings
        elif facts.get("type") == "completed":
            attempt, own = self.stages.get(facts.get("stage", ""), (0, ()))
            warnings = own if attempt == facts.get("attempt") else ()
        shown = [warning.as_json() for warning in warnings]
        return facts | {"warnings": shown} if shown else facts


@dataclass(frozen=True)
class _Found:
    """What there is of a job's events.

    Args:
        status: The job's; ``None`` where it is gone.
        entries: Oldest first.
        warned: The job's warnings.
        is_folded: Whether the job has ended, and these are all.
    """

    status: str | None
    entries: Sequence[_Entry]
    warned: _Warned
    is_folded: bool


@dataclass(frozen=True)
class _Place:
    """Where some segments are, as ``tell_segments`` in lib.lua writes it."""

    stage: str
    attempt: int
    index: int
    count: int
    at: int | None = None
    """In the list of those that were told; ``None`` where the transcript came with them."""

    def events(self, entry_id: str, bodies: Sequence[Segment]) -> list[LiveEvent]:
        """Return an event for each of them; the entry's id is the last one's."""
        ms, last = _parts(entry_id)
        first = last - self.count + 1
        place = {"stage": self.stage, "attempt": self.attempt}
        return [
            LiveEvent(
                f"{ms}-{first + number}", "segment", {**place, "index": self.index + number, **body}
            )
            for number, body in enumerate(bodies)
        ]


def _parts(event_id: str) -> tuple[int, int]:
    ms, _, number = event_id.partition("-")
    return int(ms), int(number)


def _instant_of(event_id: str) -> datetime:
    return instant(event_id.partition("-")[0])


def _facts(entry: _Entry) -> dict[str, Any]:
    if entry.kind != "stage":
        return dict(entry.data)
    named = zip(_STAGE_FACTS, entry.data, strict=False)
    facts = {name: fact for name, fact in named if fact is not None}
    if "worker" in facts:  # its whole name tells of a machine, which is for operators
        facts["worker"] = facts["worker"].rpartition(":")[2]
    return facts


def _unfold(history: str) -> Iterator[_Entry]:
    """Return the entries out of which ``fold`` in lib.lua made one value."""
    first_ms, *rows = json.loads(history)
    before: dict[int, Any] = {}
    for since_ms, number, data, *kind in rows:
        if not kind:
            before |= {place: value for place, value in enumerate(data) if value != _AS_BEFORE}
            data[:] = (before[place] for place in range(len(data)))
        yield _Entry(f"{first_ms + since_ms}-{number}", kind[0] if kind else "stage", data)
