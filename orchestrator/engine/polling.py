"""The polls of one turn: when to ask about a remote job, and with what."""

from orchestrator.domain.job import StageRecord
from orchestrator.engine.clocks import RedisClock
from orchestrator.errors import RemoteJobLostError
from orchestrator.http.stopping import StopSignal
from orchestrator.microservice import (
    MicroserviceClient,
    Poll,
    RemoteStatus,
    foreseen_wait_s,
    poll_waits,
)
from orchestrator.settings import Settings

__all__ = ["Polling"]


class Polling:
    """Asks one service about one remote job.

    Args:
        client: The service.
        settings: Limits and waits.
        stop: Ends waits when the worker is told to stop.
        clock: Redis's time, by which submissions are stamped.
        etag: Names what the turn before knew of the job, if anything.
    """

    def __init__(
        self,
        client: MicroserviceClient,
        settings: Settings,
        stop: StopSignal,
        clock: RedisClock,
        etag: str | None,
    ) -> None:
        self.etag = etag
        self._was_asked = False
        self._accepted: Poll | None = None
        self._client = client
        self._settings = settings
        self._stop = stop
        self._clock = clock
        self._waits = poll_waits(settings)

    def accept(self, submission: Poll) -> bool:
        """Take a submission's answer for the first poll, if its ETag can be waited with.

        Returns:
            Whether the remote job is known to stand in its service's own queue.
        """
        if submission.job is None or submission.etag is None:
            return False
        self._accepted, self.etag = submission, submission.etag
        return submission.job.status is RemoteStatus.QUEUED

    def begin(self, record: StageRecord) -> None:
        """Wait before the first poll, where the service is known not to hold polls open."""
        if self.etag is None and self._client.holds_polls is False:
            self._sleep(record)

    def ask(self, record: StageRecord) -> Poll:
        """Ask once; what a submission has told already is not asked for.

        Raises:
            RemoteJobLostError: The service has lost the job.
            ServiceError: It did not answer as it should.
        """
        if self._accepted is not None:
            accepted, self._accepted = self._accepted, None
            return accepted
        try:
            poll = self._client.poll(record.job_id or "", etag=self.etag, instance=record.instance)
        except RemoteJobLostError:
            if self._is_lost(record):
                raise
            self._stop.sleep(self._settings.poll_interval / 10)
            return Poll(None, None, has_waited=True)
        self._was_asked = True
        self.etag = poll.etag
        return poll

    def pause(self, poll: Poll, record: StageRecord) -> None:
        """Wait until the next poll, unless the service has waited or was not asked to yet.

        Raises:
            TurnInterruptedError: The worker was told to stop.
        """
        if self._was_asked and not poll.has_waited:
            self._sleep(record)

    def _sleep(self, record: StageRecord) -> None:
        wait_s = None
        if record.submitted_at is not None:
            elapsed_s = self._clock.age_s(record.submitted_at)
            wait_s = foreseen_wait_s(record.progress, elapsed_s, self._settings)
        self._stop.sleep(next(self._waits) if wait_s is None else wait_s)

    def _is_lost(self, record: StageRecord) -> bool:
        """Whether a 404 means that the job is lost, and not only: not visible yet."""
        since = record.submitted_at
        return since is None or self._clock.age_s(since) > self._settings.not_visible_s
