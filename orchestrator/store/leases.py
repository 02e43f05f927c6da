"""Leases: which worker owns a stage, and how the owner writes."""

import itertools
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from orchestrator.domain.job import Job, Transcript, WakeUp, instant
from orchestrator.domain.pipeline import Stage, stage_before
from orchestrator.domain.transitions import Change, Due, End, Enter, Segments, Shared, Wake
from orchestrator.errors import BreakerOpenError, LeaseLostError
from orchestrator.settings import Settings
from orchestrator.store.commands import ChooseInstance, ClaimStage, CommitChange
from orchestrator.store.connection import Connection
from orchestrator.store.records import decode_calls, decode_hash, decode_job

__all__ = [
    "Attach",
    "BreakerState",
    "Claim",
    "Committed",
    "Follow",
    "Lease",
    "LeaseStore",
    "Placement",
    "Sharing",
    "Submit",
]


@dataclass(frozen=True)
class Lease:
    """The right to write a job; void once another owner has a higher number."""

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
    """A lease, and what its owner needs to start."""

    lease: Lease
    job: Job
    now: datetime
    """The time of the claim, on Redis's clock, which all hosts share."""
    breaker: BreakerState
    """The breaker of the stage's service."""
    is_source_open: bool
    """Whether the breaker of the service that has the audio is open."""
    sharing: Sharing
    """How to get a remote job for this work, if none is known yet."""
    waited_s: float | None
    """How long the stage waited for its first turn; ``None`` in later turns."""


@dataclass(frozen=True)
class Committed:
    """The effects of a write on other jobs and on the queue."""

    number: int | None
    """The number of the job's own wake-up call, if it can continue at once."""
    calls: tuple[WakeUp, ...]
    """Calls for other jobs that can continue because of the write."""


class LeaseStore:
    """Claims stages, and writes under a lease."""

    def __init__(self, connection: Connection, settings: Settings) -> None:
        self._connection = connection
        self._settings = settings
        self._retention_ms = round(settings.retention_s * 1000)
        self._open_ms = round(settings.breaker_open_s * 1000)

    def claim(self, job_id: str, stage: Stage, *, worker: str, turn: str) -> Claim | None:
        """Take the lease on a stage; a repeated claim of the same turn changes nothing.

        Returns:
            The claim, or ``None`` if there is nothing to do: the job has ended, moved on or is
            gone, a living worker owns it, or it waits for something other than a worker.
        """
        source = stage_before(stage)
        answer = self._connection.run(
            ClaimStage(
                job_id,
                stage.name,
                worker,
                turn,
                service=stage.service.name,
                status=stage.running,
                source_service=source.service.name,
                source_stage=source.name,
                retention_ms=self._retention_ms,
            )
        )
        if not answer:
            return None
        record = decode_hash(answer["job"])
        waited_ms = answer.get("waited_ms")
        return Claim(
            lease=Lease(job_id, worker, turn, int(record["lease.number"])),
            job=decode_job(job_id, record),
            now=instant(answer["now"]),
            breaker=_decode_breaker(decode_hash(answer["breaker"])),
            is_source_open=answer["is_source_open"],
            sharing=_decode_sharing(**answer["sharing"]),
            waited_s=None if waited_ms is None else waited_ms / 1000,
        )

    def place(self, lease: Lease, stage: Stage) -> Placement:
        """Choose the instance that gets the stage's remote job, and store it in the job.

        A repeated call returns the same instance, also to later owners, until its breaker opens.

        Raises:
            BreakerOpenError: The breakers of all instances are open.
            LeaseLostError: The stage has a newer owner, or the job has ended.
        """
        service = stage.service.name
        answer = self._connection.run(
            ChooseInstance(
                lease.job_id,
                lease.number,
                stage=stage.name,
                service=service,
                open_ms=self._open_ms,
                instances=self._settings.services[service].urls,
            )
        )
        if answer is False:
            raise LeaseLostError(lease.job_id, "the stage has a newer owner, or the job has ended")
        if not answer:
            raise BreakerOpenError(service, "the breakers of all its instances are open")
        return Placement(**answer)

    def commit(self, lease: Lease, change: Change, stage: Stage) -> Committed:
        """Write a change, or nothing at all.

        Raises:
            LeaseLostError: The stage has a newer owner, or the job has ended.
            StoreUnavailableError: Redis did not answer; only a `write` of what `prepare`
                returned may be repeated.
        """
        return self.write(lease, self.prepare(lease, change, stage))

    def prepare(self, lease: Lease, change: Change, stage: Stage) -> CommitChange:
        """Encode a change, with an id that makes its write idempotent."""
        return CommitChange(
            lease.job_id,
            lease.number,
            f"{lease.turn}:{next(lease.writes)}",
            set=change.values,
            stamp=change.stamps,
            clear=change.cleared,
            move=self._encode_move(change, stage),
            paused=change.clocks_paused,
            work=self._encode_shared(change.shared, stage),
            drop_remote=stage.service.name if change.drops_remote else None,
            transcript=_encode_transcript(change.transcript),
            segments=_encode_segments(change.segments),
            event=_encode_event(change, lease),
        )

    def write(self, lease: Lease, prepared: CommitChange) -> Committed:
        """Write what `prepare` returned; a repeated write returns the first answer.

        Raises:
            LeaseLostError: The stage has a newer owner, or the job has ended.
            StoreUnavailableError: Redis did not answer; the same write may be repeated.
        """
        answer = self._connection.run(prepared)
        if "refused" in answer:
            raise LeaseLostError(lease.job_id, answer["refused"])
        number, *calls = json.loads(answer["calls"])
        return Committed(number, decode_calls(calls))

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


_SHARING: Final[Mapping[str, Callable[..., Sharing]]] = {
    "attach": Attach,
    "follow": Follow,
    "submit": Submit,
}


def _decode_sharing(kind: str, **values: str) -> Sharing:
    return _SHARING[kind](**values)


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
