"""The stage that a turn holds: its lease, and the turn's copy of the job."""

from dataclasses import replace
from typing import Any

from orchestrator.domain.job import StageRecord, Video, WakeUp
from orchestrator.domain.pipeline import Stage, stage_before
from orchestrator.domain.transitions import Change
from orchestrator.engine.clocks import RedisClock
from orchestrator.engine.patient_leases import PatientLeases
from orchestrator.store.leases import Claim, Placement

__all__ = ["HeldStage"]


class HeldStage:
    """A claimed stage; the only way in which a turn writes to its job.

    Every write raises `LeaseLostError` if the stage has a newer owner or the job has ended.

    Args:
        leases: The lease operations.
        claim: The lease and the job.
        stage: The stage.
    """

    def __init__(self, leases: PatientLeases, claim: Claim, stage: Stage) -> None:
        self.stage = stage
        self.job = claim.job
        """The job with the changes of this turn, as far as the turn reads them again."""
        self.calls: tuple[WakeUp, ...] = ()
        """Wake-up calls for other jobs that the writes returned."""
        self.clock = RedisClock(claim.now)
        self._lease = claim.lease
        self._leases = leases

    @property
    def record(self) -> StageRecord:
        """The stage's record."""
        return self.job.stages[self.stage.name]

    @property
    def source_record(self) -> StageRecord:
        """The record of the stage whose artifact this one takes."""
        return self.job.stages[stage_before(self.stage).name]

    def write(self, change: Change, **fields: Any) -> int | None:
        """Write a change.

        Args:
            change: The change.
            **fields: Fields of the stage's record that the change sets, for the copy of the job.

        Returns:
            The number of the wake-up call for this job, if it can continue at once.
        """
        committed = self._leases.commit(self._lease, change, self.stage)
        self.calls += committed.calls
        self._update(**fields)
        return committed.number

    def write_video(self, change: Change, video: Video) -> None:
        """Write a change that sets the metadata of the video."""
        self.write(change)
        self.job = replace(self.job, video=video)

    def place(self) -> Placement:
        """Choose and store the instance that gets the stage's remote job.

        Raises:
            BreakerOpenError: The breakers of all instances are open.
        """
        placement = self._leases.place(self._lease, self.stage)
        self._update(instance=placement.instance)
        return placement

    def _update(self, **fields: Any) -> None:
        if fields:
            record = replace(self.record, **fields)
            self.job = replace(self.job, stages={**self.job.stages, self.stage.name: record})
