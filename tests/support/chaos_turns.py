"""Possible next writes of a current or outdated owner of a stage."""

from dataclasses import dataclass
from typing import Final

from orchestrator.domain.job import Job, StageRecord, Transcript
from orchestrator.domain.pipeline import STAGES, Stage
from orchestrator.domain.transitions import (
    Change,
    attached,
    completed,
    failed,
    handed_back,
    parked,
    progressed,
    sent_back,
    started_over,
    submitted,
)
from orchestrator.errors import (
    DeadlineExceededError,
    Failure,
    RemoteJobFailedError,
    RemoteJobLostError,
    ServiceUnavailableError,
    SourceGoneError,
    StageError,
)
from orchestrator.store.leases import Attach, Follow, Lease, Sharing

__all__ = ["INSTANCE", "Owner", "possible_changes"]

INSTANCE: Final = "http://service.test"


@dataclass
class Owner:
    """A turn: a worker's view of a claimed job, current or outdated."""

    lease: Lease
    stage: Stage
    job: Job
    sharing: Sharing
    """How to get the remote job of the stage, according to the claim."""

    @property
    def record(self) -> StageRecord:
        """The stage record of its copy of the job."""
        return self.job.stages[self.stage.name]

    @property
    def remote_id(self) -> str:
        """The remote job id, which is the same for the same idempotency key."""
        return f"{self.job.job_id}:{self.stage.name}:{self.record.attempt}"


def possible_changes(owner: Owner) -> list[Change]:
    """Return the possible next writes of a turn."""
    job, stage = owner.job, owner.stage
    late = DeadlineExceededError("JOB_TIMEOUT_MINUTES", 1)
    busy = ServiceUnavailableError(stage.service.name, "busy")
    common = [
        parked(job, stage, busy, in_s=0.0, clocks_paused=True),
        failed(job, stage, late),
        handed_back(),
    ]
    if owner.record.job_id is not None:
        return [*common, *_changes_of_a_remote_job(owner)]
    match owner.sharing:
        case Attach(instance, remote_id):
            return [attached(job, stage, remote_id=remote_id, instance=instance)]
        case Follow():
            error, work = StageError("theirs"), owner.record.work
            return [parked(job, stage, error, in_s=0.0, clocks_paused=False, follow=work)]
    mine = [submitted(job, stage, remote_id=owner.remote_id, instance=INSTANCE)] * 12
    if stage is not STAGES[0]:
        source = STAGES[STAGES.index(stage) - 1]
        common.append(sent_back(job, stage, source, SourceGoneError(source.name, "gone")))
    return [*mine, *common]


def _changes_of_a_remote_job(owner: Owner) -> list[Change]:
    job, stage = owner.job, owner.stage
    transcript = Transcript("text", ({"text": "text", "start": 0, "end": 1, "duration": 1},))
    result = transcript if stage.gives_transcript else None
    broken = RemoteJobFailedError(
        stage.service.name, Failure("It broke", "internal", retryable=True)
    )
    lost = RemoteJobLostError(stage.service.name, owner.remote_id)
    return [
        *[completed(job, stage, filename="file", transcript=result)] * 20,
        progressed(job, stage, 50.0, is_queued=True),
        progressed(job, stage, 60.0, is_queued=False),
        failed(job, stage, broken),
        started_over(job, stage, lost, in_s=0.0),
        started_over(job, stage, broken, in_s=3600.0),
    ]
