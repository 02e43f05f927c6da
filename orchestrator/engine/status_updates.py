"""Statuses of a remote job, and the writes that they cause."""

from typing import Final

from orchestrator.domain.transitions import Change, described, progressed
from orchestrator.engine.clocks import Deadlines
from orchestrator.engine.completion import Completion
from orchestrator.engine.held_stage import HeldStage
from orchestrator.engine.partial_transcripts import PartialTranscripts
from orchestrator.errors import RemoteJobFailedError
from orchestrator.microservice import RemoteJob, RemoteStatus

__all__ = ["StatusUpdates"]

_PROGRESS_STEP: Final = 5.0  # points; finer steps would cost a write each and show nothing


class StatusUpdates:
    """Applies the statuses that a service reports to the job.

    Args:
        held: The stage.
        deadlines: Paused while the service reports the remote job as queued.
        partials: Adds segments of a running transcription.
        completion: Completes the stage.
    """

    def __init__(
        self,
        held: HeldStage,
        deadlines: Deadlines,
        partials: PartialTranscripts,
        completion: Completion,
    ) -> None:
        self._held = held
        self._deadlines = deadlines
        self._partials = partials
        self._completion = completion

    def apply(self, remote: RemoteJob) -> Change | None:
        """Write metadata and progress; return the change that ends the stage, if it has ended.

        Raises:
            RemoteJobFailedError: The remote job failed.
            StageError: Its results could not be fetched.
        """
        if remote.video is not None and self._held.job.video is None:
            self._held.write_video(described(remote.video), remote.video)
        if remote.status is RemoteStatus.COMPLETED:
            return self._completion.complete(remote)
        if remote.status is RemoteStatus.FAILED and remote.failure:
            raise RemoteJobFailedError(self._held.stage.service.name, remote.failure)
        self._write_progress(remote)
        return None

    def _write_progress(self, remote: RemoteJob) -> None:
        """Write progress once it has moved by a step, or when queueing has started or ended."""
        before = self._held.record.progress
        progress = max(remote.progress or 0.0, before)
        is_queued = remote.status is RemoteStatus.QUEUED
        if progress - before < _PROGRESS_STEP and is_queued == self._deadlines.is_paused:
            return
        self._deadlines.pause(is_queued)
        change = progressed(self._held.job, self._held.stage, progress, is_queued=is_queued)
        if progress > before:
            change = self._partials.add_new(change, self._held.record)
        self._held.write(change, progress=progress)
