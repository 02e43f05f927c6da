"""How a stage gets its remote job: by submitting it, or by using one that does the same work."""

from dataclasses import replace
from typing import Any

from orchestrator.domain.pipeline import stages_of
from orchestrator.domain.transitions import Change, attached, submitted
from orchestrator.engine.availability import Availability
from orchestrator.engine.clocks import Deadlines
from orchestrator.engine.held_stage import HeldStage
from orchestrator.engine.polling import Polling
from orchestrator.engine.source import AudioSource
from orchestrator.errors import ServiceUnavailableError
from orchestrator.microservice import MicroserviceClient
from orchestrator.store.leases import Attach
from orchestrator.telemetry.log import LOGGER

__all__ = ["Submission"]


class Submission:
    """Gets a stage its remote job, and stores the job's id before the first poll.

    Args:
        held: The stage.
        client: The stage's service.
        availability: Checks breakers and chooses the instance.
        source: The audio, for a stage that takes it.
        polling: Takes the answer in place of the first poll.
        deadlines: Stop while the service reports the remote job as queued.
    """

    def __init__(
        self,
        held: HeldStage,
        client: MicroserviceClient,
        availability: Availability,
        source: AudioSource,
        polling: Polling,
        deadlines: Deadlines,
    ) -> None:
        self._held = held
        self._client = client
        self._availability = availability
        self._source = source
        self._polling = polling
        self._deadlines = deadlines

    def attach(self, found: Attach) -> None:
        """Use a remote job that already does this work."""
        remote_id, instance = found.remote_id, found.instance
        change = attached(self._held.job, self._held.stage, remote_id=remote_id, instance=instance)
        self._write(change, remote_id, instance)

    def submit(self) -> None:
        """Submit a remote job; the idempotency key is the same in every turn of the attempt.

        Raises:
            BreakerOpenError: A service that is needed may not be called now.
            ServiceError: The service did not accept it.
            SourceGoneError: The audio no longer exists.
        """
        job, stage, attempt = self._held.job, self._held.stage, self._held.record.attempt
        if stage is stages_of(job.request)[0] and attempt == 1:
            LOGGER.info("Starting pipeline for job %s", job.job_id)
        self._availability.check_source()
        instance = self._availability.choose_instance()
        poll = self._client.submit(
            stage.fields(job.request.source.canonical_url, job.options),
            idempotency_key=f"{job.job_id}:{stage.name}:{attempt}",
            source=self._source.open if stage.takes_audio else None,
            instance=instance,
        )
        if poll.job is None:
            raise ServiceUnavailableError(stage.service.name, "its response contains no job")
        remote_id = poll.job.job_id
        is_queued = self._polling.accept(poll)
        self._deadlines.pause(is_queued)
        change = submitted(job, stage, remote_id=remote_id, instance=instance, is_queued=is_queued)
        values = {**change.values, **self._source_values()}
        self._write(replace(change, values=values), remote_id, instance, parks=0)
        self._availability.record_success()
        self._availability.record_source_success()
        LOGGER.info(stage.submitted, remote_id)

    def _write(self, change: Change, remote_id: str, instance: str, **fields: Any) -> None:
        now = self._held.clock.now()
        self._held.write(change, job_id=remote_id, instance=instance, submitted_at=now, **fields)

    def _source_values(self) -> dict[str, str]:
        """Return the field with the artifact's name as its service sent it."""
        name = self._source.filename
        return {} if name is None else {f"{self._source.stage.name}.filename": name}
