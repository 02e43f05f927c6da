"""What may become of a job: every change that the owner of a stage can make. Pure.

A function here says what is written and where the job goes; ``LeaseStore.commit`` writes it in
one atomic step. Stages go pending → processing → completed or failed; a failed remote job begins
another attempt of its stage, and an artifact that is gone sends the job one stage back.
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
    """One entry of a job's history."""

    type: str
    stage: str
    attempt: int = 1
    reason: str = ""


@dataclass(frozen=True)
class Stay:
    """The owner keeps the lease."""


@dataclass(frozen=True)
class Wake:
    """The lease is given up; whoever gets the wake-up call goes on."""


@dataclass(frozen=True)
class Due:
    """The lease is given up; the job waits.

    Args:
        in_s: For how long at the most, in seconds.
        follow: The digest of the work whose submission ends the wait earlier.
    """

    in_s: float
    follow: str | None = None


@dataclass(frozen=True)
class Enter:
    """The lease is given up; the job goes to another stage, or to its own anew."""

    stage: Stage


@dataclass(frozen=True)
class End:
    """The job is over."""

    status: JobStatus


Move = Stay | Wake | Due | Enter | End


@dataclass(frozen=True)
class Shared:
    """What becomes of the entry under which a remote job is shared.

    Args:
        digest: The entry's name.
        remote_id: The remote job that it now names, with ``instance``.
        forget: The remote job that is no good: drop the entry if it still names it.
        abandon: Nothing was submitted and nothing will be: drop the entry if it is ours.
    """

    digest: str
    remote_id: str | None = None
    instance: str | None = None
    forget: str | None = None
    abandon: bool = False


@dataclass(frozen=True)
class Segments:
    """Segments that those who follow a job are told of.

    Args:
        attempt: The attempt of the stage that has made them.
        index: The place of the first one in the transcript, from 0 on.
        count: How many they are.
        bodies: What they say; none where the transcript is written in the same step.
    """

    attempt: int
    index: int
    count: int
    bodies: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True)
class Change:
    """One atomic step of a job's owner."""

    move: Move = field(default_factory=Stay)
    values: Mapping[str, str | float] = field(default_factory=dict)
    """Fields that are set."""
    stamps: tuple[str, ...] = ()
    """Fields that are set to Redis's present instant."""
    cleared: tuple[str, ...] = ()
    """Fields that are removed."""
    clocks_paused: bool | None = None
    """Stops or starts the deadlines' clocks; ``None`` leaves them."""
    shared: Shared | None = None
    drops_remote: bool = False
    """Whether the stage's remote job is deleted, unless others use it."""
    transcript: Transcript | None = None
    segments: Segments | None = None
    event: Event | None = None


def overall_progress(job: Job, stage: Stage, progress: float) -> float:
    """Return how far the whole job is, 0 to 100: weighted, and never less than before."""
    taken = [one for one in STAGES if job.stages[one.name].status is not StageStatus.SKIPPED]
    done = sum(
        other.weight * (progress if other is stage else job.stages[other.name].progress)
        for other in taken
    ) / sum(other.weight for other in taken)
    return round(max(job.overall_progress, min(done, 100.0)), 1)


def submitted(
    job: Job, stage: Stage, *, remote_id: str, instance: str, is_queued: bool = False
) -> Change:
    """The service has accepted the stage's remote job, which may stand in its own queue."""
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
    """Somebody else's remote job does the same work; this job uses it too."""
    change = submitted(job, stage, remote_id=remote_id, instance=instance)
    attempt = job.stages[stage.name].attempt
    event = Event("attached", stage.name, attempt, remote_id)
    return replace(change, shared=None, event=event)


def progressed(job: Job, stage: Stage, progress: float, *, is_queued: bool) -> Change:
    """The remote job has moved, or stands in its service's own queue."""
    return Change(
        values={
            f"{stage.name}.progress": progress,
            "overall_progress": overall_progress(job, stage, progress),
        },
        clocks_paused=is_queued,
    )


def described(video: Video) -> Change:
    """The service has told what it is about."""
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
    """The stage is done; the job goes to the next one, or is done too.

    Its findings replace those of an earlier attempt. A transcript's own go before the remote
    job's, and one without words says why.
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
    none_found = (f"{stage.name}.{name}" for name in FINDINGS if name not in found)
    stamp = f"{stage.name}.completed_at"
    return Change(
        move=Enter(following[0]) if following else End(JobStatus.COMPLETED),
        values=values,
        stamps=(stamp,) if following else (stamp, "completed_at"),
        cleared=(f"{stage.name}.submitted_at", f"{stage.name}.etag", *none_found),
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
    """The stage came upon the publisher's own subtitles: nothing else is needed."""
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
    """The publisher's subtitles are of no use: the stage begins anew, without asking for them."""
    anew = started_over(job, stage, error, in_s=0)
    # Nothing has failed that would count against the job.
    values = {f"{stage.name}.failures": job.stages[stage.name].failures, "lacks_captions": 1}
    return replace(anew, values={**anew.values, **values})


def failed(job: Job, stage: Stage, error: OrchestratorError) -> Change:
    """The job ends here, with a reason; a remote job that still runs is deleted."""
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
    """The remote job came to nothing; the stage gets another one after ``in_s`` seconds."""
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
    """The service cannot load a model just now: wait without spending attempts or time."""
    again = started_over(job, stage, error, in_s=in_s)
    kept = {f"{stage.name}.failures": job.stages[stage.name].failures}
    return replace(again, values={**again.values, **kept}, clocks_paused=True)


def sent_back(job: Job, stage: Stage, source: Stage, error: OrchestratorError) -> Change:
    """The source's artifact is gone: its stage is done again before this one."""
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
    """The service cannot be used now: the job waits, and keeps its attempt."""
    record = job.stages[stage.name]
    return Change(
        move=Due(in_s, follow),
        values={f"{stage.name}.parks": record.parks + 1},
        clocks_paused=clocks_paused,
        event=Event("parked", stage.name, record.attempt, f"{error.code}: {error}"),
    )


def handed_back(stage: Stage | None = None, *, etag: str | None = None) -> Change:
    """The turn is over; another one goes on, and knows what this one knew of the remote job."""
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
