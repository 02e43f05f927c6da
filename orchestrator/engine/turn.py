"""One turn of a claimed stage: submit or attach, poll, and write the result."""

import time
from dataclasses import dataclass
from enum import Enum
from typing import Final

from orchestrator.domain.job import WakeUp
from orchestrator.domain.pipeline import Stage, stage_before
from orchestrator.domain.transitions import Change, End, Enter, Wake, handed_back, parked
from orchestrator.engine.availability import Availability
from orchestrator.engine.clocks import Deadlines
from orchestrator.engine.completion import Completion
from orchestrator.engine.held_stage import HeldStage
from orchestrator.engine.partial_transcripts import PartialTranscripts
from orchestrator.engine.polling import Polling
from orchestrator.engine.resources import Resources
from orchestrator.engine.retrying import decide
from orchestrator.engine.running_turns import RunningTurns
from orchestrator.engine.source import AudioSource
from orchestrator.engine.status_updates import StatusUpdates
from orchestrator.engine.submission import Submission
from orchestrator.engine.turn_metrics import TurnMetrics
from orchestrator.errors import (
    OrchestratorError,
    SharedWorkError,
    StageError,
    TurnInterruptedError,
)
from orchestrator.http.stopping import StopSignal
from orchestrator.settings import Settings
from orchestrator.store.leases import Attach, Claim, Follow, Sharing
from orchestrator.telemetry.log import LOGGER

__all__ = ["Next", "Outcome", "Turn", "build_turn"]

_FOLLOW_S: Final = 5.0  # for a job that missed the wake-up call of the job it follows


class Next(Enum):
    """The message to enqueue for the job itself after a turn."""

    FOLLOWING_STAGE = "following stage"
    SAME_STAGE = "same stage"
    NOTHING = "nothing"


@dataclass(frozen=True)
class Outcome:
    """The result of one turn."""

    next: Next = Next.NOTHING
    number: int = 0
    """The number of the job's own wake-up call."""
    calls: tuple[WakeUp, ...] = ()
    """Calls to enqueue for other jobs, or for this job at an earlier stage."""
    error: OrchestratorError | None = None
    """Why the job failed, if it did."""


@dataclass(frozen=True)
class Turn:
    """One turn of a claimed stage; `build_turn` connects its collaborators."""

    held: HeldStage
    sharing: Sharing
    """How to get a remote job, if the stage has none."""
    deadlines: Deadlines
    availability: Availability
    submission: Submission
    polling: Polling
    updates: StatusUpdates
    metrics: TurnMetrics
    settings: Settings
    turns: RunningTurns
    """Asks turns to end early when messages wait."""
    stop: StopSignal

    def take(self) -> Outcome:
        """Advance the stage as far as one turn allows, and write the result.

        Raises:
            LeaseLostError: The stage has a newer owner, or the job was cancelled.
        """
        try:
            change = self._run()
        except (StageError, TurnInterruptedError) as error:
            self.availability.record_error(error)
            change = decide(error, self.held.job, self.held.stage, self.settings)
            return self._end(change, error)
        return self._end(change)

    def _run(self) -> Change:
        self.deadlines.check()
        self.availability.check()
        if self.held.record.job_id is None:
            match self.sharing:
                case Follow():
                    return self._follow()
                case Attach() as found:
                    self.submission.attach(found)
                case _:
                    self.submission.submit()
        return self._poll()

    def _follow(self) -> Change:
        """Wait until the job that is submitting the same work has its remote job."""
        return parked(
            self.held.job,
            self.held.stage,
            SharedWorkError(),
            in_s=_FOLLOW_S,
            clocks_paused=False,
            follow=self.held.record.work,
        )

    def _poll(self) -> Change:
        """Poll until the remote job or the turn ends."""
        ends = time.monotonic() + self.settings.turn_s
        self.polling.wait_before_first()
        while True:
            poll = self.polling.poll()
            self.availability.record_success()
            if poll.job is not None:
                change = self.updates.apply(poll.job)
                if change is not None:
                    return change
            self.deadlines.check()
            if self._is_over(ends):
                return handed_back(self.held.stage, etag=self.polling.etag)
            self.polling.wait_after(poll)

    def _is_over(self, ends: float) -> bool:
        return time.monotonic() >= ends or self.turns.should_yield() or self.stop.is_set

    def _end(self, change: Change, error: OrchestratorError | None = None) -> Outcome:
        """Write the last change of the turn, and return what follows."""
        number = self.held.write(change)
        self.metrics.record_end(change, error)
        job_id, calls = self.held.job.job_id, self.held.calls
        match change.move:
            case Wake():
                return Outcome(Next.SAME_STAGE, number or 0, calls)
            case Enter() if number and error is None:
                return Outcome(Next.FOLLOWING_STAGE, number, calls)
            case Enter(stage) if number:
                return Outcome(calls=(*calls, WakeUp(job_id, stage.name, number)))
            case End() if error is None:
                LOGGER.info("Pipeline completed for job %s", job_id)
            case End():
                LOGGER.error("Pipeline failed for job %s: %s", job_id, error)
                return Outcome(calls=calls, error=error)
            case _:
                LOGGER.info("Stage waits: %s", error or "queued for admission")
        return Outcome(calls=calls)


def build_turn(resources: Resources, claim: Claim, stage: Stage) -> Turn:
    """Return the turn of a claimed stage.

    Args:
        resources: The worker's stores and clients.
        claim: The lease and the job.
        stage: The claimed stage.
    """
    settings, stop = resources.settings, resources.stop
    client = resources.clients[stage.service.name]
    held = HeldStage(resources.leases, claim, stage)
    deadlines = Deadlines(claim.job, claim.now, settings)
    availability = Availability(resources.breakers, held, claim, client.instances)
    source_client = resources.clients[stage_before(stage).service.name]
    source = AudioSource(held, source_client, resources.uploads)
    polling = Polling(held, client, settings, stop)
    partials = PartialTranscripts(client, stage, held.record)
    completion = Completion(held, client, partials)
    return Turn(
        held=held,
        sharing=claim.sharing,
        deadlines=deadlines,
        availability=availability,
        submission=Submission(held, client, availability, source, polling, deadlines),
        polling=polling,
        updates=StatusUpdates(held, deadlines, partials, completion),
        metrics=TurnMetrics(resources.counts, claim, stage),
        settings=settings,
        turns=resources.turns,
        stop=stop,
    )
