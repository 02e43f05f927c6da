"""The polls of one turn, and the waits between them."""

from orchestrator.engine.held_stage import HeldStage
from orchestrator.errors import RemoteJobLostError
from orchestrator.http.stopping import StopSignal
from orchestrator.microservice import (
    MicroserviceClient,
    Poll,
    RemoteStatus,
    expected_wait_s,
    poll_waits,
)
from orchestrator.settings import Settings

__all__ = ["Polling"]


class Polling:
    """Polls the remote job of a stage.

    Args:
        held: The stage.
        client: The stage's service.
        settings: Limits and waits.
        stop: Ends the waits when the worker stops.
    """

    def __init__(
        self, held: HeldStage, client: MicroserviceClient, settings: Settings, stop: StopSignal
    ) -> None:
        self.etag = held.record.etag
        """Identifies the last known state of the remote job."""
        self._has_polled = False
        self._accepted: Poll | None = None
        self._held = held
        self._client = client
        self._settings = settings
        self._stop = stop
        self._waits = poll_waits(settings)

    def accept(self, submission: Poll) -> bool:
        """Use the response to a submission as the first poll, if it has an ETag.

        Returns:
            Whether the service reports the remote job as queued.
        """
        if submission.job is None or submission.etag is None:
            return False
        self._accepted, self.etag = submission, submission.etag
        return submission.job.status is RemoteStatus.QUEUED

    def wait_before_first(self) -> None:
        """Wait before the first poll, if the service is known not to hold polls open.

        Raises:
            TurnInterruptedError: The worker is stopping.
        """
        if self.etag is None and self._client.holds_polls is False:
            self._sleep()

    def poll(self) -> Poll:
        """Return the status of the remote job; blocks while the service holds the poll open.

        Raises:
            RemoteJobLostError: The service lost the job.
            ServiceError: The service did not answer as it should.
            TurnInterruptedError: The worker is stopping.
        """
        if self._accepted is not None:
            accepted, self._accepted = self._accepted, None
            return accepted
        record = self._held.record
        try:
            poll = self._client.poll(record.job_id or "", etag=self.etag, instance=record.instance)
        except RemoteJobLostError:
            if self._is_lost():
                raise
            self._stop.sleep(self._settings.poll_interval / 10)
            return Poll(None, None, has_waited=True)
        self._has_polled = True
        self.etag = poll.etag
        return poll

    def wait_after(self, poll: Poll) -> None:
        """Wait before the next poll, unless the service held this one open.

        Raises:
            TurnInterruptedError: The worker is stopping.
        """
        if self._has_polled and not poll.has_waited:
            self._sleep()

    def _sleep(self) -> None:
        wait_s = None
        record = self._held.record
        if record.submitted_at is not None:
            elapsed_s = self._held.clock.age_s(record.submitted_at)
            wait_s = expected_wait_s(record.progress, elapsed_s, self._settings)
        self._stop.sleep(next(self._waits) if wait_s is None else wait_s)

    def _is_lost(self) -> bool:
        """Whether a 404 means that the job is lost; shortly after a submission it may not."""
        since = self._held.record.submitted_at
        return since is None or self._held.clock.age_s(since) > self._settings.not_visible_s
