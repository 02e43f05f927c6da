"""Ownership: who works on which stage, and the one way in which an owner writes."""

import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from orchestrator.domain.job import Job, Transcript, WakeUp, instant
from orchestrator.domain.pipeline import Stage, stage_before
from orchestrator.domain.transitions import Change, Due, End, Enter, Segments, Shared, Wake
from orchestrator.errors import BreakerOpenError, LeaseLostError
from orchestrator.settings import Settings
from orchestrator.store.connection import Connection
from orchestrator.store.records import decode_job, pairs, wake_ups

__all__ = [
    "Attach",
    "BreakerState",
    "Claim",
    "Committed",
    "Follow",
    "Lease",
    "LeaseStore",
    "Placement",
    "PreparedWrite",
    "Sharing",
    "Submit",
]


@dataclass(frozen=True)
class Lease:
    """The right to write a job: void as soon as somebody has a higher number."""

    job_id: str
    worker: str
    turn: str
    number: int
    writes: Iterator[int] = field(default_factory=itertools.count, compare=False, repr=False)


@dataclass(frozen=True)
class Submit:
    """No remote job does this work yet: submit one."""


@dataclass(frozen=True)
class Attach:
    """A remote job already does this work: use it."""

    instance: str
    remote_id: str


@dataclass(frozen=True)
class Follow:
    """Another job is submitting this work: wait for its remote job."""


Sharing = Submit | Attach | Follow


@dataclass(frozen=True)
class BreakerState:
    """The circuit breaker of a service or of one of its instances."""

    has_failures: bool = False
    """Whether it has counted failures since the last success."""
    is_open: bool = False


@dataclass(frozen=True)
class Placement:
    """The instance that gets a stage's remote job."""

    instance: str
    has_failures: bool
    """Whether its breaker has counted failures since the last success."""


@dataclass(frozen=True)
class Claim:
    """A lease with all that its owner needs to begin."""

    lease: Lease
    job: Job
    now: datetime
    """The instant of the claim on Redis's clock, which all hosts share."""
    breaker: BreakerState
    """The breaker of the stage's service."""
    is_source_open: bool
    """Whether the breaker of the service that has the audio is open."""
    sharing: Sharing
    """How to get a remote job for this work, if none is known yet."""
    waited_s: float | None
    """How long the stage waited for this turn, its first; ``None`` for later ones."""


@dataclass(frozen=True)
class PreparedWrite:
    """A change, encoded for Redis."""

    write_id: str
    """Makes the write idempotent: Redis returns the first answer to a repeated id."""
    body: str


@dataclass(frozen=True)
class Committed:
    """What a write brought about."""

    number: int | None
    """The number of the wake-up call for the job itself, where it can go on at once."""
    calls: tuple[WakeUp, ...]
    """Calls for other jobs that can go on because of it."""


class LeaseStore:
    """Claims and writes under a lease."""

    def __init__(self, connection: Connection, settings: Settings) -> None:
        self._connection = connection
        self._settings = settings
        self._retention_ms = round(settings.retention_s * 1000)
        self._open_ms = round(settings.breaker_open_s * 1000)

    def claim(self, job_id: str, stage: Stage, *, worker: str, turn: str) -> Claim | None:
        """Take the lease on a stage; repeating it within one turn changes nothing.

        Returns:
            The claim, or ``None`` where there is nothing to do: the job has ended, moved on or
            is gone, somebody alive has it, or it waits for something else than a worker.
        """
        answer = self._connection.run(
            *("claim", job_id, stage.name, worker, turn, stage.service.name, stage.running),
            *(self._retention_ms, stage_before(stage).service.name, stage_before(stage).name),
        )
        if not answer:
            return None
        fields, now, breaker, is_source_open, sharing, waited_ms = answer
        record = pairs(fields)
        lease = Lease(job_id, worker, turn, int(record["lease.number"]))
        job = decode_job(job_id, record)
        return Claim(
            lease=lease,
            job=job,
            now=instant(now),
            breaker=_decode_breaker(pairs(breaker)),
            is_source_open=bool(is_source_open),
            sharing=_decode_sharing(sharing),
            waited_s=int(waited_ms) / 1000 if waited_ms else None,
        )

    def place(self, lease: Lease, stage: Stage) -> Placement:
        """Choose the instance that gets the stage's remote job, and store it in the job.

        A repeated call returns the same instance, also to later owners, until its breaker opens.

        Raises:
            BreakerOpenError: The breakers of all instances are open.
            LeaseLostError: Somebody newer owns the stage, or the job has ended.
        """
        service = stage.service.name
        answer = self._connection.run(
            *("place", lease.job_id, str(lease.number), stage.name, service, self._open_ms),
            *self._settings.services[service].urls,
        )
        if answer is None:
            raise LeaseLostError(lease.job_id, "somebody newer owns it, or it has ended")
        if not answer:
            raise BreakerOpenError(service, "all its instances have failed again and again")
        instance, has_failed = answer
        return Placement(instance, has_failures=bool(has_failed))

    def commit(self, lease: Lease, change: Change, stage: Stage) -> Committed:
        """Write a change, or nothing at all.

        Raises:
            LeaseLostError: Somebody newer owns the stage, or the job has ended.
            StoreUnavailableError: Redis did not answer; only a `write` of what `prepare`
                returned may be repeated.
        """
        return self.write(lease, self.prepare(lease, change, stage))

    def prepare(self, lease: Lease, change: Change, stage: Stage) -> PreparedWrite:
        """Encode a change, with an id that makes its write idempotent."""
        body = {
            "set": change.values,
            "stamp": change.stamps,
            "clear": change.cleared,
            "paused": change.clocks_paused,
            "work": self._encode_shared(change.shared, stage),
            "drop_remote": stage.service.name if change.drops_remote else None,
            "transcript": _encode_transcript(change.transcript),
            "segments": _encode_segments(change.segments),
            "event": _encode_event(change, lease),
            "move": self._encode_move(change, stage),
        }
        present = {name: value for name, value in body.items() if value is not None}
        encoded = json.dumps(present, separators=(",", ":"))
        return PreparedWrite(f"{lease.turn}:{next(lease.writes)}", encoded)

    def write(self, lease: Lease, prepared: PreparedWrite) -> Committed:
        """Write what `prepare` returned; a repeated write returns the first answer.

        Raises:
            LeaseLostError: The stage has a newer owner, or the job has ended.
            StoreUnavailableError: Redis did not answer; the same write may be repeated.
        """
        is_done, answer = self._connection.run(
            "commit", lease.job_id, str(lease.number), prepared.write_id, prepared.body
        )
        if not is_done:
            raise LeaseLostError(lease.job_id, answer)
        number, *calls = json.loads(answer)
        return Committed(number, wake_ups(calls))

    def _encode_shared(self, shared: Shared | None, stage: Stage) -> dict[str, Any] | None:
        if shared is None:
            return None
        encoded = {name: value for name, value in vars(shared).items() if value}
        return encoded | {"retention_ms": self._retention_ms, "service": stage.service.name}

    def _encode_move(self, change: Change, stage: Stage) -> dict[str, Any]:
        own = {"service": stage.service.name, "limit": self._limit(stage)}
        match change.move:
            case Wake():
                return {"kind": "wake"}
            case Due(in_s, follow):
                waiting = {"kind": "due", "in_ms": round(in_s * 1000)}
                return waiting | ({"follow": follow} if follow else {})
            case Enter(following):
                return {
                    "kind": "enter",
                    "stage": following.name,
                    "service": following.service.name,
                    "limit": self._limit(following),
                    "from_service": stage.service.name,
                    "from_limit": self._limit(stage),
                }
            case End(status):
                return own | {"kind": "end", "status": status, "retention_ms": self._retention_ms}
            case _:
                return {"kind": "stay"}

    def _limit(self, stage: Stage) -> int:
        return self._settings.services[stage.service.name].max_inflight


def _decode_breaker(fields: Mapping[str, str]) -> BreakerState:
    return BreakerState(has_failures=bool(fields), is_open="opened_at" in fields)


def _decode_sharing(answer: Sequence[str]) -> Sharing:
    match answer:
        case ["there", instance, remote_id]:
            return Attach(instance, remote_id)
        case ["theirs"]:
            return Follow()
    return Submit()


def _encode_transcript(transcript: Transcript | None) -> list[str] | None:
    if transcript is None:
        return None
    fields = ["text", transcript.text]
    fields += ["segments", _as_json([*map(_without_words, transcript.segments)])]
    words = [segment.get("words") for segment in transcript.segments]
    if any(words):
        fields += ["words", _as_json(words)]
    if transcript.language:
        fields += ["language", transcript.language]
    return fields


def _encode_segments(segments: Segments | None) -> dict[str, Any] | None:
    if segments is None:
        return None
    bodies = [_as_json(_without_words(body)) for body in segments.bodies]
    return vars(segments) | {"bodies": bodies or None}


def _without_words(segment: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in segment.items() if name != "words"}


def _as_json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _encode_event(change: Change, lease: Lease) -> dict[str, Any] | None:
    if change.event is None:
        return None
    present = {name: value for name, value in vars(change.event).items() if value}
    return present | {"worker": lease.worker}
