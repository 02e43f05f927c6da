"""The commands that run atomically in Redis: their arguments, by name.

``lua/`` has a function of the same name for each class, which receives the fields as a table.
A field that is ``None`` is left out. Commands that return calls return ``WakeUp`` rows.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = [
    "AdmitJobs",
    "CancelJob",
    "CancelPlaylist",
    "ChooseInstance",
    "ClaimStage",
    "Command",
    "CommitChange",
    "CountQueues",
    "CreateJob",
    "ForgetClaim",
    "GetQueuePosition",
    "InspectJobs",
    "KeepReply",
    "RaiseSchema",
    "RecordDelivery",
    "RecordFailure",
    "RecoverJob",
    "RemoveJob",
    "RenewClaim",
    "ResendDelivery",
    "ResendWakeUpCalls",
    "RetryJob",
    "TakeDeliveries",
    "TakePlaylists",
    "TakeProbe",
    "WakeDueJobs",
    "WritePlaylist",
]


@dataclass(frozen=True)
class Command:
    """A command; its subclasses name the arguments."""

    def encode(self) -> str:
        """Return the argument of the script: the fields as JSON."""
        present = {name: value for name, value in vars(self).items() if value is not None}
        return json.dumps(present, separators=(",", ":"))


@dataclass(frozen=True)
class RaiseSchema(Command):
    """Return the schema version of the data, and raise it to ``version`` if that is newer."""

    version: int


@dataclass(frozen=True)
class CreateJob(Command):
    """Store a new job and enqueue it; complete it at once if its work was done before.

    Returns the wake-up call's number (if the job can start), the status and the progress, or
    ``False`` if ``max_active`` jobs have not ended. A repeated command changes nothing.
    """

    job_id: str
    fields: Mapping[str, str]
    stages: Sequence[str]
    """The stages that the job goes through."""
    shared_fields: Sequence[str]
    """The fields of a stage that are copied from an earlier job with the same work."""
    tags: Sequence[str]
    service: str
    """The service of the first stage."""
    limit: int
    """How many jobs that service is given at once."""
    max_active: int
    retention_ms: int


@dataclass(frozen=True)
class CancelJob(Command):
    """Cancel a job that has not ended.

    Returns its status before and calls for admitted jobs, or ``False`` if there is no such job.
    """

    job_id: str
    services: Mapping[str, Mapping[str, Any]]
    """By stage, ``name`` and ``limit`` of its service."""
    retention_ms: int


@dataclass(frozen=True)
class RetryJob(Command):
    """Restart a failed or cancelled job at the stage where it stopped.

    Returns the wake-up call's number (unless the job has to queue), the status as ``refused`` if
    it has neither failed nor been cancelled, or ``False`` if there is no such job.
    """

    job_id: str
    service: str
    limit: int
    set: Mapping[str, str]
    clear: Sequence[str]


@dataclass(frozen=True)
class RemoveJob(Command):
    """Remove a job that has ended; returns ``removed``, ``running`` or ``missing``.

    A job that has already expired is removed from the indexes.
    """

    job_id: str
    services: Mapping[str, str]
    """By stage."""


@dataclass(frozen=True)
class ClaimStage(Command):
    """Lease a stage to a worker.

    Returns ``job`` and ``breaker`` (hashes), ``now``, ``is_source_open``, ``sharing`` and, for
    the stage's first turn, ``waited_ms``. Returns ``False`` if there is nothing to do: the job
    has ended or moved on, a living worker owns it, or it waits for something else.
    """

    job_id: str
    stage: str
    worker: str
    turn: str
    service: str
    status: str
    """The status of a job in this stage."""
    source_service: str
    """The service that has the stage's input."""
    source_stage: str
    retention_ms: int


@dataclass(frozen=True)
class ChooseInstance(Command):
    """Choose and store the instance for a stage's remote job.

    Returns ``instance`` and ``has_failures``, neither if all breakers are open, or ``False`` if the
    lease is lost.
    """

    job_id: str
    lease_number: int
    stage: str
    service: str
    open_ms: int
    instances: Sequence[str]


@dataclass(frozen=True)
class CommitChange(Command):
    """Write a change under a lease; see ``orchestrator.domain.transitions.Change``.

    Returns ``calls`` (JSON: the number of the job's own wake-up call or null, then calls of other
    jobs), or ``refused`` with a reason if the lease has a newer owner or the job has ended. A
    repeated ``write_id`` changes nothing and returns the first answer.
    """

    job_id: str
    lease_number: int
    write_id: str
    set: Mapping[str, str | float]
    stamp: Sequence[str]
    clear: Sequence[str]
    move: Mapping[str, Any]
    paused: bool | None = None
    work: Mapping[str, Any] | None = None
    drop_remote: str | None = None
    """The stage's service, if its remote job is to be deleted."""
    transcript: Sequence[str] | None = None
    """Field names and values in turn."""
    segments: Mapping[str, Any] | None = None
    event: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class RecoverJob(Command):
    """Take a job from a dead worker or, with ``turn``, from a dead turn; returns calls."""

    job_id: str
    worker: str
    turn: str | None = None


@dataclass(frozen=True)
class WakeDueJobs(Command):
    """Make calls for the jobs whose time has come."""

    limit: int


@dataclass(frozen=True)
class ResendWakeUpCalls(Command):
    """Make new calls for jobs that still wait under the same number."""

    lost: Sequence[Mapping[str, Any]]
    """Each with ``job_id`` and ``number``."""


@dataclass(frozen=True)
class AdmitJobs(Command):
    """Fill a service up from its queue; returns calls."""

    service: str
    limit: int
    sample: Sequence[str]
    """Jobs that are counted as admitted; those that have ended are removed from the count."""


@dataclass(frozen=True)
class GetQueuePosition(Command):
    """Return a job's position in its service's admission queue, from 1; 0 if it is not there."""

    job_id: str
    service: str


@dataclass(frozen=True)
class InspectJobs(Command):
    """Make calls for jobs that nothing will wake, or that are past their deadline."""

    job_ids: Sequence[str]
    services: Mapping[str, str]
    """By stage."""
    longest_wait_ms: int


@dataclass(frozen=True)
class CountQueues(Command):
    """Return ``waiting`` and ``oldest_wait_ms`` of each stage."""

    stages: Sequence[str]


@dataclass(frozen=True)
class RecordFailure(Command):
    """Count a failure in a breaker; opens it at the threshold."""

    name: str
    threshold: int
    open_ms: int


@dataclass(frozen=True)
class TakeProbe(Command):
    """Take the one trial that an open breaker allows per ``open_ms``; returns whether."""

    name: str
    open_ms: int


@dataclass(frozen=True)
class TakeDeliveries(Command):
    """Return due deliveries (``taken``) and ``now``; postpone each by ``visibility_timeout_ms``."""

    limit: int
    visibility_timeout_ms: int


@dataclass(frozen=True)
class RecordDelivery(Command):
    """Replace a delivery's record unless it has changed; due again in ``in_ms``, or never."""

    job_id: str
    number: str
    before: str
    after: str
    in_ms: int | None


@dataclass(frozen=True)
class ResendDelivery(Command):
    """Replace a delivery's record and make it due now."""

    job_id: str
    number: str
    record: str


@dataclass(frozen=True)
class TakePlaylists(Command):
    """Return batches whose playlist is due; postpone each by ``visibility_timeout_ms``."""

    limit: int
    visibility_timeout_ms: int


@dataclass(frozen=True)
class WritePlaylist(Command):
    """Write a step of a playlist's extraction; returns whether it was accepted.

    It is refused if the batch is gone or cancelled, or the extraction is over or in another
    attempt. A remote job that is not needed, or whose id arrives too late, is deleted.
    """

    batch_id: str
    attempt: int
    service: str
    set: Mapping[str, str | int]
    due_in_ms: int
    is_over: bool
    has_jobs: bool
    drops_remote: bool


@dataclass(frozen=True)
class CancelPlaylist(Command):
    """Cancel a batch, with its playlist if it has one; returns whether there is such a batch."""

    batch_id: str
    service: str


@dataclass(frozen=True)
class RenewClaim(Command):
    """Extend a claim of an idempotency key; returns whether it still holds."""

    key: str
    token: str
    lifetime_ms: int


@dataclass(frozen=True)
class KeepReply(Command):
    """Replace a claim by the reply; returns whether the claim still held."""

    key: str
    token: str
    lifetime_ms: int
    entry: str


@dataclass(frozen=True)
class ForgetClaim(Command):
    """Delete a claim; returns whether it still held."""

    key: str
    token: str
