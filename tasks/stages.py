"""The three tasks (download, normalize, transcribe) and their chain."""

from functools import partial
from typing import Any

from celery import chain, shared_task
from celery.app.task import Task
from celery.canvas import Signature
from kombu.exceptions import KombuError

from orchestrator.domain.job import WakeUp
from orchestrator.domain.pipeline import STAGES, stage_named
from orchestrator.engine.runner import run_stage
from orchestrator.engine.turn import Next, Outcome
from orchestrator.errors import OrchestratorError
from orchestrator.telemetry.log import LOGGER
from tasks.resources import resources

__all__ = ["download", "enqueue", "normalize", "pipeline_from", "transcribe"]

Call = list[Any]
"""A wake-up call on the wire: ``[job id, number]``."""


# max_retries=None in the decorator: as an argument of retry() it would mean the default of 3,
# and the job would die at its fourth turn. An expected failure is logged without a traceback.
_stage_task = partial(shared_task, bind=True, max_retries=None, throws=(OrchestratorError,))


@_stage_task(name="download")
def download(self: Task[..., Call], call: Call) -> Call:
    """Download the video."""
    return take_turn(self, "download", call)


@_stage_task(name="normalize")
def normalize(self: Task[..., Call], call: Call) -> Call:
    """Normalize its audio."""
    return take_turn(self, "normalization", call)


@_stage_task(name="transcribe")
def transcribe(self: Task[..., Call], call: Call) -> Call:
    """Transcribe the audio."""
    return take_turn(self, "transcription", call)


def pipeline_from(stage: str) -> Signature[Any]:
    """Return the pipeline as a Celery chain, from a stage on.

    The chain takes the wake-up call of its first stage. Each task returns the wake-up call of the
    next one.

    Args:
        stage: The name of the first stage: ``download`` for the whole pipeline, a later one for a
            job that resumes there.

    Raises:
        KeyError: The pipeline has no such stage.
    """
    tasks = (download.s(), normalize.s(), transcribe.s())
    return chain(*tasks[STAGES.index(stage_named(stage)) :])


def enqueue(call: WakeUp) -> None:
    """Send a wake-up call to the broker: the chain of the job's stage and the stages after it.

    An unavailable broker is only logged, because the reconciler re-enqueues the job.
    """
    try:
        pipeline_from(call.stage).apply_async(([call.job_id, call.number],))
    except (KombuError, OSError) as error:
        LOGGER.warning("Could not enqueue job %s; the reconciler will: %s", call.job_id, error)


def take_turn(task: Task[..., Call], stage: str, call: Call) -> Call:
    """Run one turn of a stage, and enqueue what follows."""
    outcome = run_stage(resources(), call[0], stage_named(stage))
    return enqueue_next(task, call, outcome)


def enqueue_next(task: Task[..., Call], call: Call, outcome: Outcome) -> Call:
    """Enqueue what follows a turn.

    If nothing follows from this message, the rest of its chain is dropped, because Celery starts
    the next task of a chain whenever a task returns. Celery's author recommends to clear
    ``request.chain`` (celery#3550). ``Ignore`` would also stop the chain, but it sends no event:
    Flower would list the task as running for ever.

    Returns:
        The next stage's call, which Celery passes to the next task of the chain.

    Raises:
        Retry: The same stage continues in another turn.
        OrchestratorError: The job failed; Celery and its monitors see the task fail.
    """
    job_id: str = call[0]
    for other in outcome.calls:
        enqueue(other)
    if outcome.error is not None:
        raise outcome.error
    if outcome.next is Next.SAME_STAGE:
        raise task.retry(args=([job_id, outcome.number],), countdown=0)
    if outcome.next is not Next.FOLLOWING_STAGE:
        task.request.chain = None
    return [job_id, outcome.number]
