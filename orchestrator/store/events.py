"""The events of a job: its history, and the live events for its followers."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Final

from orchestrator.domain.findings import Findings, JobWarning, decode_findings, merge_findings
from orchestrator.domain.job import JobStatus, instant
from orchestrator.domain.pipeline import STAGES
from orchestrator.store import keys
from orchestrator.store.connection import Connection
from orchestrator.store.scripts import FoldedRow, SegmentsRow, StageEventRow

__all__ = ["EventBatch", "EventStore", "LiveEvent"]

Segment = Mapping[str, Any]

_HISTORY: Final = frozenset({"stage", "segment"})
_JOB_FACTS: Final = frozenset({"status", "overall_progress"})  # omitted: the job has them
_AT_ONCE: Final = 500  # about 100 kB; a follower that is further behind reads again
_AS_BEFORE: Final = ""
_WARNING_FIELDS: Final = tuple(
    f"{stage.name}.{name}" for stage in STAGES for name in ("attempt", "warnings")
)
"""The fields of a job's hash that its events need."""


@dataclass(frozen=True)
class _Entry:
    """A stored entry: one event, or several segments."""

    entry_id: str
    kind: str
    data: Any


@dataclass(frozen=True)
class LiveEvent:
    """An event of a job."""

    event_id: str
    """Increases from one event of a job to the next."""
    kind: str
    """``progress``, ``stage``, ``segment`` or ``end``."""
    facts: Mapping[str, Any]

    @property
    def at(self) -> datetime:
        """The time of the event, on Redis's clock."""
        return _instant_of(self.event_id)


@dataclass(frozen=True)
class EventBatch:
    """The events after a given one."""

    events: Sequence[LiveEvent]
    is_over: bool
    """Whether these are the last ones: the job has ended, or is gone."""


class EventStore:
    """Reads the events that the commands write."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def history(self, job_id: str) -> Sequence[Mapping[str, Any]]:
        """Return transitions, attempts, retries, recoveries and segments, oldest first.

        Returns:
            Each with ``id``, ``at``, ``type`` and the facts of the event.
        """
        found = self._read(job_id, after="0-0", count=None)
        return [
            {"id": event.event_id, "at": event.at, "type": "segment"}
            | {name: fact for name, fact in event.facts.items() if name not in _JOB_FACTS}
            for event in self._events(job_id, found)
            if event.kind in _HISTORY
        ]

    def read_after(self, job_id: str, *, after: str) -> EventBatch:
        """Return the events after a given one, at most a few hundred.

        Args:
            job_id: The job; it may be gone.
            after: The id of the last known event; ``0-0`` for none.
        """
        found = self._read(job_id, after=after, count=_AT_ONCE)
        # An entry of segments has the id of the last one, so the first ones may be known.
        known = _parts(after)
        events = [event for event in self._events(job_id, found) if _parts(event.event_id) > known]
        if found.is_folded:
            return EventBatch(events, is_over=True)  # a folded history is read as a whole
        has_ended = found.status is None or JobStatus(found.status).is_terminal
        is_all = len(found.entries) < _AT_ONCE and len(events) <= _AT_ONCE
        return EventBatch(events[:_AT_ONCE], is_over=has_ended and is_all)

    def _read(self, job_id: str, *, after: str, count: int | None) -> "_Found":
        """Read the entries after an event; those of a job that has ended are folded."""
        with self._connection.commands() as client:
            pipeline = client.pipeline(transaction=True)
            pipeline.hmget(keys.job(job_id), "status", *_WARNING_FIELDS)
            pipeline.xrange(keys.events(job_id), min=f"({after}", count=count)
            pipeline.hget(keys.result(job_id), "history")
            (status, *values), streamed, folded = pipeline.execute()
        warnings = _Warnings.read(values)
        if folded is not None:
            known = _parts(after)
            entries = [entry for entry in _unfold(folded) if _parts(entry.entry_id) > known]
            return _Found(status, entries, warnings, is_folded=True)
        entries = [
            _Entry(entry_id, stored["kind"], json.loads(stored["data"]))
            for entry_id, stored in streamed
        ]
        return _Found(status, entries, warnings, is_folded=False)

    def _events(self, job_id: str, found: "_Found") -> list[LiveEvent]:
        """Return the events of stored entries."""
        entries = found.entries
        rows = {
            entry.entry_id: SegmentsRow(*entry.data)
            for entry in entries
            if entry.kind == "segments"
        }
        bodies = self._bodies(job_id, rows)
        events: list[LiveEvent] = []
        for entry in entries:
            row = rows.get(entry.entry_id)
            if row:
                events += _expand(row, entry.entry_id, bodies.get(entry.entry_id, ()))
            else:
                facts = found.warnings.complete(entry.kind, _facts(entry))
                events.append(LiveEvent(entry.entry_id, entry.kind, facts))
        return events

    def _bodies(self, job_id: str, rows: Mapping[str, SegmentsRow]) -> dict[str, list[Segment]]:
        """Return the segments: from the transcript or, until there is one, from the list."""
        if not rows:
            return {}
        kept = [(row.at, row.at + row.count) for row in rows.values() if row.at is not None]
        first, end = (
            min((at for at, _ in kept), default=0),
            max((end for _, end in kept), default=0),
        )
        with self._connection.commands() as client:
            pipeline = client.pipeline(transaction=True)
            pipeline.hget(keys.result(job_id), "segments")
            pipeline.lrange(keys.segments(job_id), first, max(end - 1, first))
            transcript, listed = pipeline.execute()
        if transcript is not None:
            whole: list[Segment] = json.loads(transcript)
            return {
                entry_id: whole[row.index : row.index + row.count] for entry_id, row in rows.items()
            }
        return {
            entry_id: [*map(json.loads, listed[row.at - first :][: row.count])]
            for entry_id, row in rows.items()
            if row.at is not None
        }


@dataclass(frozen=True)
class _Warnings:
    """The warnings of a job, which are stored in its hash and shown in its events.

    Args:
        stages: The current attempt of each stage, and its warnings.
    """

    stages: Mapping[str, tuple[int, Sequence[JobWarning]]]

    @classmethod
    def read(cls, values: Sequence[str | None]) -> "_Warnings":
        """Read the values of ``_WARNING_FIELDS``."""
        stages = {}
        for stage, attempt, warnings in zip(STAGES, values[::2], values[1::2], strict=True):
            found = decode_findings({"warnings": warnings} if warnings else {})
            stages[stage.name] = (int(attempt or 1), found.warnings)
        return cls(stages)

    def complete(self, kind: str, facts: dict[str, Any]) -> dict[str, Any]:
        """Return the facts of an event, with the warnings if a stage or the job has ended."""
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
    """The stored entries of a job, and the fields that complete them.

    Args:
        status: The job's status; ``None`` if it is gone.
        entries: Oldest first.
        warnings: The job's warnings.
        is_folded: Whether the job has ended and these are all.
    """

    status: str | None
    entries: Sequence[_Entry]
    warnings: _Warnings
    is_folded: bool


def _expand(row: SegmentsRow, entry_id: str, bodies: Sequence[Segment]) -> list[LiveEvent]:
    """Return an event for each segment of an entry, whose id is that of the last one."""
    ms, last = _parts(entry_id)
    first = last - row.count + 1
    origin = {"stage": row.stage, "attempt": row.attempt}
    return [
        LiveEvent(
            f"{ms}-{first + number}", "segment", {**origin, "index": row.index + number, **body}
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
    named = zip(fields(StageEventRow), entry.data, strict=False)  # a later release may append
    facts = {field.name: value for field, value in named if value is not None}
    if "worker" in facts:  # the rest of the name identifies the host, which is for operators only
        facts["worker"] = facts["worker"].rpartition(":")[2]
    return facts


def _unfold(history: str) -> Iterator[_Entry]:
    """Return the entries of the value that ``fold`` in ``events.lua`` writes."""
    first_ms, *rows = json.loads(history)
    before: dict[int, Any] = {}
    for values in rows:
        row = FoldedRow(*values)
        data = row.data
        if row.kind == "stage":
            before |= {index: value for index, value in enumerate(data) if value != _AS_BEFORE}
            data = [before[index] for index in range(len(data))]
        yield _Entry(f"{first_ms + row.since_ms}-{row.number}", row.kind, data)
