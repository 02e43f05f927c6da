"""The three tasks: download, normalize, transcribe. Each gives its stage one turn."""

from functools import partial
from typing import Any

from celery import Task

from orchestrator.errors import OrchestratorError
from orchestrator.pipeline import stage_named
from orchestrator.runner import run_stage
from orchestrator.turn import Next
from tasks.app import app
from tasks.broker import enqueue
from tasks.chains import StageTask
from tasks.worker import resources

__all__ = ["download", "normalize", "transcribe"]

Call = list[Any]
"""A wake-up call on the wire: ``[job id, number]``."""


# max_retries=None in the decorator: as an argument of retry() it would mean the default of 3,
# and the job would die at its fourth turn. An expected failure is logged without a traceback.
_stage_task = partial(
    app.task, base=StageTask, bind=True, max_retries=None, throws=(OrchestratorError,)
)


@_stage_task(name="download")
def download(self: Task[..., Call], call: Call) -> Call:
    """Have the video downloaded."""
    return take_turn(self, "download", call)


@_stage_task(name="normalize")
def normalize(self: Task[..., Call], call: Call) -> Call:
    """Have its audio normalized."""
    return take_turn(self, "normalization", call)


@_stage_task(name="transcribe")
def transcribe(self: Task[..., Call], call: Call) -> Call:
    """Have the audio transcribed."""
    return take_turn(self, "transcription", call)


def take_turn(task: Task[..., Call], stage: str, call: Call) -> Call:
    """Give a stage one turn, and say to Celery what follows.

    Where nothing follows from this message its chain is cut, or the return would start the next
    task. To raise ``Ignore`` does the same, but Celery takes longer to write down where that was
    raised than the whole turn takes.

    Returns:
        The next stage's call, which Celery hands to the next task of the chain.

    Raises:
        Retry: The same stage goes on in another turn.
        OrchestratorError: The job has failed; Celery and its monitors see the task fail.
    """
    job_id: str = call[0]
    outcome = run_stage(resources(), job_id, stage_named(stage))
    for other in outcome.calls:
        enqueue(other)
    if outcome.error is not None:
        raise outcome.error
    if outcome.next is Next.SAME_STAGE:
        raise task.retry(args=([job_id, outcome.number],), countdown=0)
    if outcome.next is not Next.FOLLOWING_STAGE:
        task.request.chain = None
    return [job_id, outcome.number]
