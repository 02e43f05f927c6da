"""One claimed turn: submit or attach, poll, and say what becomes of the stage."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

from orchestrator.domain.job import StageRecord, StageStatus, Upload, WakeUp
from orchestrator.domain.pipeline import Stage, asks_for_captions, stage_before, stages_of
from orchestrator.domain.transitions import (
    Change,
    End,
    Enter,
    Wake,
    attached,
    captioned,
    completed,
    described,
    handed_back,
    parked,
    progressed,
    submitted,
)
from orchestrator.engine.clocks import Clocks, RedisClock
from orchestrator.engine.partial_transcripts import PartialResults
from orchestrator.engine.polling import Polling
from orchestrator.engine.publisher_captions import fetch_captions
from orchestrator.engine.resources import Resources
from orchestrator.engine.retrying import decide
from orchestrator.engine.turn_metrics import TurnCounts
from orchestrator.errors import (
    BreakerOpenError,
    OrchestratorError,
    RemoteJobFailedError,
    RemoteJobLostError,
    ServiceUnavailableError,
    SharedWorkError,
    SourceGoneError,
    StageError,
    TurnInterruptedError,
)
from orchestrator.microservice import (
    RemoteJob,
    RemoteStatus,
    SourceArtifact,
)
from orchestrator.store.leases import Attach, BreakerState, Claim, Committed, Follow
from orchestrator.telemetry.log import LOGGER

__all__ = ["Next", "Outcome", "Turn"]

_PROGRESS_STEP = 5.0  # points; finer steps would cost a write each and show nothing
_FOLLOW_S = 5.0  # for a follower that was not told that the holder has submitted


class Next(Enum):
    """What is to be enqueued for the job itself after a turn."""

    FOLLOWING_STAGE = "following stage"
    SAME_STAGE = "same stage"
    NOTHING = "nothing"


@dataclass(frozen=True)
class Outcome:
    """What a turn came to."""

    next: Next = Next.NOTHING
    number: int = 0
    """The number of the job's own wake-up call."""
    calls: tuple[WakeUp, ...] = ()
    """What is to be enqueued for other jobs, or for this one at an earlier stage."""
    error: OrchestratorError | None = None
    """Why the job ended, if it failed."""


class Turn:
    """The owner of a stage for a while.

    Args:
        resources: The worker's stores and clients.
        claim: The lease and the job.
        stage: The stage that it is for.
    """

    def __init__(self, resources: Resources, claim: Claim, stage: Stage) -> None:
        self._resources = resources
        self._settings = resources.settings
        self._lease = claim.lease
        self._job = claim.job
        self._stage = stage
        self._breaker = claim.breaker
        self._is_source_open = claim.is_source_open
        self._sharing = claim.sharing
        self._counts = TurnCounts(resources.counts, claim, stage)
        self._client = resources.clients[stage.service.name]
        self._clock = RedisClock(claim.now)
        self._clocks = Clocks(claim.job, claim.now, self._settings)
        self._partials = PartialResults(self._client, stage, self._record)
        self._calls: tuple[WakeUp, ...] = ()
        self._polling = Polling(
            self._client, self._settings, resources.stop, self._clock, self._record.etag
        )
        self._source_name: str | None = None

    def take(self) -> Outcome:
        """Go as far as one turn goes, and write what becomes of the stage.

        Raises:
            LeaseLostError: Somebody newer owns the stage, or the job was cancelled.
        """
        try:
            change = self._go_on()
        except (StageError, TurnInterruptedError) as error:
            self._note_error(error)
            change = decide(error, self._job, self._stage, self._settings)
            return self._end(change, error)
        return self._end(change)

    def _go_on(self) -> Change:
        self._clocks.check()
        self._mind_breaker()
        if self._record.job_id is None and not self._join_or_submit():
            return self._follow()
        return self._poll_on()

    @property
    def _record(self) -> StageRecord:
        return self._job.stages[self._stage.name]

    @property
    def _source(self) -> StageRecord:
        return self._job.stages[stage_before(self._stage).name]

    def _know(self, **facts: Any) -> None:
        """Keep the turn's own picture of its stage up to date with what it has written."""
        record = replace(self._record, **facts)
        self._job = replace(self._job, stages={**self._job.stages, self._stage.name: record})

    # --- the service's breaker -----------------------------------------------------------

    def _mind_breaker(self) -> None:
        """Leave a service alone whose breaker is open, but for one trial in a while."""
        is_to_be_placed = len(self._client.instances) > 1 and self._record.job_id is None
        if self._breaker.is_open and not is_to_be_placed:
            self._ask_for_trial(self._stage.service.name, self._record.instance)

    def _ask_for_trial(self, service: str, instance: str | None) -> None:
        if not self._resources.breakers.may_probe(service, instance):
            raise BreakerOpenError(service, "it has failed again and again; left alone")
        LOGGER.warning("%s unhealthy, but proceeding", service)

    def _mind_source(self) -> bool:
        """Do the same for the service that has the audio; returns whether it is tried."""
        is_needed = self._stage.takes_audio and self._source.job_id is not None
        if not is_needed or not self._is_source_open:
            return False
        self._ask_for_trial(stage_before(self._stage).service.name, self._source.instance)
        return True

    def _note_error(self, error: OrchestratorError) -> None:
        if isinstance(error, ServiceUnavailableError) and not isinstance(error, BreakerOpenError):
            is_own = error.service == self._stage.service.name
            record = self._record if is_own else self._source
            self._resources.breakers.record_failure(error.service, record.instance)

    def _note_success(self) -> None:
        if self._breaker.has_failures:
            name = self._stage.service.name
            self._resources.breakers.record_success(name, self._record.instance)
            self._breaker = BreakerState()

    # --- submission -----------------------------------------------------------------------

    def _join_or_submit(self) -> bool:
        """Get a remote job; returns False where another job is just submitting the same."""
        match self._sharing:
            case Attach(instance, remote_id):
                self._attach(remote_id, instance)
            case Follow():
                return False
            case _:
                self._submit()
        return True

    def _follow(self) -> Change:
        """Wait until the job that submits the same work has done so."""
        error = SharedWorkError()
        return parked(
            self._job,
            self._stage,
            error,
            in_s=_FOLLOW_S,
            clocks_paused=False,
            follow=self._record.work,
        )

    def _attach(self, remote_id: str, instance: str) -> None:
        self._write(attached(self._job, self._stage, remote_id=remote_id, instance=instance))
        self._know(job_id=remote_id, instance=instance, submitted_at=self._clock.now())

    def _submit(self) -> None:
        job, stage = self._job, self._stage
        if stage is stages_of(job.request)[0] and self._record.attempt == 1:
            LOGGER.info("Starting pipeline for job %s", job.job_id)
        is_source_tried = self._mind_source()
        instance = self._choose_instance()
        poll = self._client.submit(
            stage.fields(job.request.source.canonical_url, job.options),
            idempotency_key=f"{job.job_id}:{stage.name}:{self._record.attempt}",
            source=self._open_source if stage.takes_audio else None,
            instance=instance,
        )
        if poll.job is None:
            raise ServiceUnavailableError(stage.service.name, "it gave no job")
        remote_id = poll.job.job_id
        is_queued = self._polling.accept(poll)
        self._clocks.pause(is_queued)
        change = submitted(job, stage, remote_id=remote_id, instance=instance, is_queued=is_queued)
        self._write(replace(change, values={**change.values, **self._source_fields()}))
        now = self._clock.now()
        self._know(job_id=remote_id, instance=instance, submitted_at=now, parks=0)
        self._note_success()
        if is_source_tried:
            source = stage_before(stage).service.name
            self._resources.breakers.record_success(source, self._source.instance)
        LOGGER.info(stage.submitted, remote_id)

    def _choose_instance(self) -> str:
        """Return where the stage's remote job goes; among several it is noted before that."""
        if len(self._client.instances) == 1:
            return self._client.instances[0]
        leases = self._resources.leases
        placement = self._resources.patiently(lambda: leases.place(self._lease, self._stage))
        self._breaker = BreakerState(has_failures=placement.has_failures)
        self._know(instance=placement.instance)
        return placement.instance

    @contextmanager
    def _open_source(self) -> Iterator[SourceArtifact]:
        """Open the artifact of the stage before, or the file that was uploaded."""
        stage = stage_before(self._stage)
        record = self._job.stages[stage.name]
        upload = self._job.request.upload
        if upload and record.status is StageStatus.SKIPPED:
            with self._open_upload(upload, stage) as artifact:
                yield artifact
            return
        if record.job_id is None:
            raise SourceGoneError(stage.name, "unknown")
        client = self._resources.clients[stage.service.name]
        opened = client.open_artifact(
            record.job_id,
            default_filename=record.filename or stage.default_filename,
            instance=record.instance,
        )
        try:
            with opened as artifact:
                self._source_name = artifact.filename
                yield artifact
        except RemoteJobLostError as error:
            raise SourceGoneError(stage.name, record.job_id) from error

    @contextmanager
    def _open_upload(self, upload: Upload, skipped: Stage) -> Iterator[SourceArtifact]:
        try:
            with self._resources.uploads.open(self._job.job_id, upload) as artifact:
                yield artifact
        except FileNotFoundError as error:
            raise SourceGoneError(skipped.name, upload.filename) from error

    def _source_fields(self) -> dict[str, str]:
        """Return the source's name as its service gave it with the bytes."""
        if self._source_name is None:
            return {}
        source = stage_before(self._stage)
        return {f"{source.name}.filename": self._source_name}

    # --- polling --------------------------------------------------------------------------

    @property
    def _remote_id(self) -> str:
        return self._record.job_id or ""

    def _poll_on(self) -> Change:
        """Poll until the remote job is over, or the turn is."""
        ends = time.monotonic() + self._settings.turn_s
        self._polling.begin(self._record)
        while True:
            poll = self._polling.ask(self._record)
            self._note_success()
            if poll.job is not None:
                change = self._note_status(poll.job)
                if change is not None:
                    return change
            self._clocks.check()
            is_over = time.monotonic() >= ends or self._resources.turns.should_yield()
            if is_over or self._resources.stop.is_set:
                return handed_back(self._stage, etag=self._polling.etag)
            self._polling.pause(poll, self._record)

    def _note_status(self, remote: RemoteJob) -> Change | None:
        """Take in a status; returns the change where the remote job is over."""
        if remote.video is not None and self._job.video is None:
            self._write(described(remote.video))
            self._job = replace(self._job, video=remote.video)
        if remote.status is RemoteStatus.COMPLETED:
            return self._complete(remote)
        if remote.status is RemoteStatus.FAILED and remote.failure:
            raise RemoteJobFailedError(self._stage.service.name, remote.failure)
        is_queued = remote.status is RemoteStatus.QUEUED
        progress = max(remote.progress or 0.0, self._record.progress)
        has_moved = progress - self._record.progress >= _PROGRESS_STEP
        if has_moved or is_queued != self._clocks.is_paused:
            self._clocks.pause(is_queued)
            change = progressed(self._job, self._stage, progress, is_queued=is_queued)
            if progress > self._record.progress:
                change = self._partials.add_new(change, self._record)
            self._write(change)
            self._know(progress=progress)
        return None

    def _complete(self, remote: RemoteJob) -> Change:
        if remote.captions_language and asks_for_captions(self._stage, self._job):
            return self._take_captions(remote, remote.captions_language)
        transcript = None
        remark = f"without captions: {remote.captions_error}" if remote.captions_error else ""
        if remark:
            LOGGER.warning("The publisher's captions are not taken: %s", remote.captions_error)
        if self._stage.gives_transcript:
            record = self._record
            transcript = self._client.fetch_transcript(self._remote_id, instance=record.instance)
            LOGGER.info("Transcription text retrieved: %d chars", len(transcript.text))
        change = completed(
            self._job,
            self._stage,
            filename=remote.filename,
            transcript=transcript,
            findings=remote.findings,
            remark=remark,
        )
        return self._partials.add_rest(change, transcript) if transcript else change

    def _take_captions(self, remote: RemoteJob, language: str) -> Change:
        """Fetch the publisher's subtitles, which are the transcript."""
        transcript = fetch_captions(self._client, self._record)
        LOGGER.info("Publisher's captions retrieved: %d chars", len(transcript.text))
        change = captioned(
            self._job,
            self._stage,
            filename=remote.filename,
            language=language,
            transcript=transcript,
            findings=remote.findings,
        )
        return self._partials.add_rest(change, transcript)

    # --- writing --------------------------------------------------------------------------

    def _write(self, change: Change) -> Committed:
        leases = self._resources.leases
        prepared = leases.prepare(self._lease, change, self._stage)
        done = self._resources.patiently(lambda: leases.write(self._lease, prepared))
        self._calls += done.calls
        return done

    def _end(self, change: Change, error: OrchestratorError | None = None) -> Outcome:
        """Write the last change of the turn and say what follows."""
        done = self._write(change)
        self._counts.note_end(change, error)
        match change.move:
            case Wake():
                return Outcome(Next.SAME_STAGE, done.number or 0, self._calls)
            case Enter() if done.number and error is None:
                return Outcome(Next.FOLLOWING_STAGE, done.number, self._calls)
            case Enter(stage) if done.number:
                call = WakeUp(self._job.job_id, stage.name, done.number)
                return Outcome(calls=(*self._calls, call))
            case End() if error is None:
                LOGGER.info("Pipeline completed for job %s", self._job.job_id)
            case End():
                LOGGER.error("Pipeline failed for job %s: %s", self._job.job_id, error)
                return Outcome(calls=self._calls, error=error)
            case _:
                LOGGER.info("Stage waits: %s", error or "for its turn in line")
        return Outcome(calls=self._calls)
