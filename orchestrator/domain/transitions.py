"""The changes that the owner of a stage can make to a job. Pure.

Each function returns a ``Change``, which ``LeaseStore.commit`` writes in one atomic step. A stage
goes from pending to processing to completed or failed. A failed remote job starts another attempt
of its stage; a lost artifact sends the job back one stage.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from foundation.logins import hide_logins
from orchestrator.domain.findings import FINDINGS, NOTHING, Findings, add_no_speech, encode_findings
from orchestrator.domain.job import Job, JobStatus, StageStatus, Transcript, Video
from orchestrator.domain.pipeline import STAGES, Stage
from orchestrator.errors import OrchestratorError, RemoteJobError

__all__ = [
    "Change",
    "Due",
    "End",
    "Enter",
    "Event",
    "Move",
    "Segments",
    "Shared",
    "Stay",
    "Wake",
    "attached",
    "awaiting_model",
    "captioned",
    "completed",
    "described",
    "failed",
    "handed_back",
    "overall_progress",
    "parked",
    "progressed",
    "sent_back",
    "started_over",
    "submitted",
    "without_captions",
]


@dataclass(frozen=True)
class Event:
    """One event in a job's history."""

    type: str
    stage: str
    attempt: int = 1
    reason: str = ""


@dataclass(frozen=True)
class Stay:
    """Keep the lease."""


@dataclass(frozen=True)
class Wake:
    """Release the lease and enqueue a wake-up call, so that any worker continues."""


@dataclass(frozen=True)
class Due:
    """Release the lease and let the job wait.

    Args:
        in_s: The maximum wait, in seconds.
        follow: The key of the work whose submission ends the wait earlier.
    """

    in_s: float
    follow: str | None = None


@dataclass(frozen=True)
class Enter:
    """Release the lease and move the job to a stage, which may be its current one."""

    stage: Stage


@dataclass(frozen=True)
class End:
    """End the job."""

    status: JobStatus


Move = Stay | Wake | Due | Enter | End


@dataclass(frozen=True)
class Shared:
    """A change of the entry under which a remote job is shared.

    Args:
        digest: The work key of the entry.
        remote_id: The remote job to store in the entry, with its ``instance``.
        forget: A failed remote job: drop the entry if it still refers to it.
        abandon: Whether nothing will be submitted: drop the entry if this job created it.
    """

    digest: str
    remote_id: str | None = None
    instance: str | None = None
    forget: str | None = None
    abandon: bool = False


@dataclass(frozen=True)
class Segments:
    """Segments to publish to the clients that follow a job.

    Args:
        attempt: The attempt of the stage that produced them.
        index: The index of the first one in the transcript, from 0.
        count: The number of segments.
        bodies: Their contents; empty if the transcript is written in the same step.
    """

    attempt: int
    index: int
    count: int
    bodies: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True)
class Change:
    """One atomic write of a job's owner."""

    move: Move = field(default_factory=Stay)
    values: Mapping[str, str | float] = field(default_factory=dict)
    """Fields to set."""
    stamps: tuple[str, ...] = ()
    """Fields to set to Redis's current time."""
    cleared: tuple[str, ...] = ()
    """Fields to remove."""
    clocks_paused: bool | None = None
    """Whether to pause the deadlines or let them run; ``None`` changes nothing."""
    shared: Shared | None = None
    drops_remote: bool = False
    """Whether to delete the stage's remote job, unless other jobs use it."""
    transcript: Transcript | None = None
    segments: Segments | None = None
    event: Event | None = None


def overall_progress(job: Job, stage: Stage, progress: float) -> float:
    """Return the weighted progress of the whole job, 0 to 100; never less than before."""
    taken = [one for one in STAGES if job.stages[one.name].status is not StageStatus.SKIPPED]
    done = sum(
        other.weight * (progress if other is stage else job.stages[other.name].progress)
        for other in taken
    ) / sum(other.weight for other in taken)
    return round(max(job.overall_progress, min(done, 100.0)), 1)


def submitted(
    job: Job, stage: Stage, *, remote_id: str, instance: str, is_queued: bool = False
) -> Change:
    """Record the remote job that the service accepted; it may still be queued there."""
    record = job.stages[stage.name]
    return Change(
        values={
            f"{stage.name}.job_id": remote_id,
            f"{stage.name}.instance": instance,
        },
        cleared=(f"{stage.name}.parks",),
        stamps=(f"{stage.name}.submitted_at",),
        clocks_paused=is_queued,
        shared=_share(record.work, remote_id=remote_id, instance=instance),
        event=Event("submitted", stage.name, record.attempt, remote_id),
    )


def attached(job: Job, stage: Stage, *, remote_id: str, instance: str) -> Change:
    """Record another job's remote job that does the same work, to share it."""
    change = submitted(job, stage, remote_id=remote_id, instance=instance)
    attempt = job.stages[stage.name].attempt
    event = Event("attached", stage.name, attempt, remote_id)
    return replace(change, shared=None, event=event)


def progressed(job: Job, stage: Stage, progress: float, *, is_queued: bool) -> Change:
    """Record the progress of the remote job, or that its service has queued it."""
    return Change(
        values={
            f"{stage.name}.progress": progress,
            "overall_progress": overall_progress(job, stage, progress),
        },
        clocks_paused=is_queued,
    )


def described(video: Video) -> Change:
    """Record the video metadata that the service reported."""
    return Change(values={"video": json.dumps(asdict(video), ensure_ascii=False)})


def completed(
    job: Job,
    stage: Stage,
    *,
    filename: str | None,
    transcript: Transcript | None = None,
    findings: Findings = NOTHING,
    remark: str = "",
) -> Change:
    """Complete the stage, and move the job to the next one or complete it too.

    The findings replace those of an earlier attempt. A transcript's findings take precedence over
    the remote job's; a transcript without text gets a warning that explains it.
    """
    if transcript is not None:
        findings = transcript.findings.over(findings)
        if not transcript.has_words:
            findings = add_no_speech(findings, job.findings)
    found = encode_findings(findings)
    following = STAGES[STAGES.index(stage) + 1 :]
    values: dict[str, str | float] = {
        f"{stage.name}.status": StageStatus.COMPLETED,
        f"{stage.name}.progress": 100.0,
        f"{stage.name}.filename": filename or stage.default_filename,
        "overall_progress": overall_progress(job, stage, 100.0) if following else 100.0,
        **{f"{stage.name}.{name}": value for name, value in found.items()},
    }
    missing = (f"{stage.name}.{name}" for name in FINDINGS if name not in found)
    stamp = f"{stage.name}.completed_at"
    return Change(
        move=Enter(following[0]) if following else End(JobStatus.COMPLETED),
        values=values,
        stamps=(stamp,) if following else (stamp, "completed_at"),
        cleared=(f"{stage.name}.submitted_at", f"{stage.name}.etag", *missing),
        clocks_paused=False,
        transcript=transcript,
        event=Event("completed", stage.name, job.stages[stage.name].attempt, remark),
    )


def captioned(
    job: Job,
    stage: Stage,
    *,
    filename: str | None,
    language: str,
    transcript: Transcript,
    findings: Findings = NOTHING,
) -> Change:
    """Complete the job with the publisher's captions and skip the other stages."""
    done = completed(
        job,
        stage,
        filename=filename,
        transcript=transcript,
        findings=replace(findings, quality=None, languages=()),  # nothing was measured
        remark=f"publisher's captions ({language})",
    )
    values = {**done.values, "overall_progress": 100.0, "captions_language": language}
    for skipped in STAGES[STAGES.index(stage) + 1 :]:
        values[f"{skipped.name}.status"] = StageStatus.SKIPPED
        values[f"{skipped.name}.progress"] = 100.0
        if skipped.gives_transcript:
            values[f"{skipped.name}.filename"] = skipped.default_filename
    return replace(
        done,
        move=End(JobStatus.COMPLETED),
        values=values,
        stamps=(*done.stamps, "completed_at"),
    )


def without_captions(job: Job, stage: Stage, error: OrchestratorError) -> Change:
    """Start the stage over without the publisher's captions, which are unusable."""
    change = started_over(job, stage, error, in_s=0)
    # This does not count as a failure of the job.
    values = {f"{stage.name}.failures": job.stages[stage.name].failures, "lacks_captions": 1}
    return replace(change, values={**change.values, **values})


def failed(job: Job, stage: Stage, error: OrchestratorError) -> Change:
    """Fail the job with a reason; delete its remote job if it still runs."""
    record = job.stages[stage.name]
    is_remote_over = record.job_id is None or isinstance(error, RemoteJobError)
    return Change(
        move=End(JobStatus.FAILED),
        values={
            f"{stage.name}.status": StageStatus.FAILED,
            "error_message": hide_logins(str(error)),
            "error_code": error.code,
            "error_retryable": int(error.retryable),
            "error_stage": stage.name,
        },
        stamps=(f"{stage.name}.completed_at",),
        shared=_forget(record.work, record.job_id) if is_remote_over else None,
        drops_remote=not is_remote_over,
        event=Event("failed", stage.name, record.attempt, f"{error.code}: {error}"),
    )


def started_over(job: Job, stage: Stage, error: OrchestratorError, *, in_s: float) -> Change:
    """Start another attempt of the stage after ``in_s`` seconds; its remote job failed."""
    record = job.stages[stage.name]
    return Change(
        move=Due(in_s),
        values=_next_attempt(job, stage),
        cleared=_remote_fields(stage),
        clocks_paused=False,
        shared=_forget(record.work, record.job_id),
        event=Event("retrying", stage.name, record.attempt, f"{error.code}: {error}"),
    )


def awaiting_model(job: Job, stage: Stage, error: OrchestratorError, *, in_s: float) -> Change:
    """Start over later without counting a failure, and pause the deadlines: a model cannot load."""
    change = started_over(job, stage, error, in_s=in_s)
    kept = {f"{stage.name}.failures": job.stages[stage.name].failures}
    return replace(change, values={**change.values, **kept}, clocks_paused=True)


def sent_back(job: Job, stage: Stage, source: Stage, error: OrchestratorError) -> Change:
    """Send the job back to repeat the source stage, whose artifact is gone."""
    gone = job.stages[source.name]
    return Change(
        move=Enter(source),
        values={f"{stage.name}.status": StageStatus.PENDING, **_next_attempt(job, source)},
        cleared=_remote_fields(source),
        clocks_paused=False,
        shared=_forget(gone.work, gone.job_id),
        event=Event("sent_back", stage.name, job.stages[stage.name].attempt, str(error)),
    )


def parked(
    job: Job,
    stage: Stage,
    error: OrchestratorError,
    *,
    in_s: float,
    clocks_paused: bool,
    follow: str | None = None,
) -> Change:
    """Let the job wait and keep its attempt, since the service is unavailable."""
    record = job.stages[stage.name]
    return Change(
        move=Due(in_s, follow),
        values={f"{stage.name}.parks": record.parks + 1},
        clocks_paused=clocks_paused,
        event=Event("parked", stage.name, record.attempt, f"{error.code}: {error}"),
    )


def handed_back(stage: Stage | None = None, *, etag: str | None = None) -> Change:
    """Hand the stage to the next turn, with the last ETag of the remote job's status."""
    if stage is None or etag is None:
        return Change(move=Wake())
    return Change(move=Wake(), values={f"{stage.name}.etag": etag})


def _next_attempt(job: Job, stage: Stage) -> dict[str, str | float]:
    record = job.stages[stage.name]
    return {
        f"{stage.name}.status": StageStatus.PENDING,
        f"{stage.name}.attempt": record.attempt + 1,
        f"{stage.name}.failures": record.failures + 1,
        f"{stage.name}.progress": 0.0,
    }


def _remote_fields(stage: Stage) -> tuple[str, ...]:
    names = (
        *("job_id", "instance", "submitted_at", "completed_at", "filename", "etag"),
        *("segments", "lacks_partials", *FINDINGS),
    )
    return tuple(f"{stage.name}.{name}" for name in names)


def _share(digest: str | None, *, remote_id: str, instance: str) -> Shared | None:
    return Shared(digest, remote_id=remote_id, instance=instance) if digest else None


def _forget(digest: str | None, remote_id: str | None) -> Shared | None:
    if digest is None:
        return None
    return Shared(digest, forget=remote_id, abandon=remote_id is None)
