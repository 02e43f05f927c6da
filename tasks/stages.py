"""The three tasks: download, normalize, transcribe. Each gives its stage one turn."""

from typing import Any

from celery import Task
from celery.exceptions import Ignore

from orchestrator.errors import OrchestratorError
from orchestrator.pipeline import stage_named
from orchestrator.runner import run_stage
from orchestrator.turn import Next
from tasks.app import app
from tasks.broker import enqueue
from tasks.worker import resources

__all__ = ["download", "normalize", "transcribe"]

Call = list[Any]
"""A wake-up call on the wire: ``[job id, number]``."""


# max_retries=None in the decorator: as an argument of retry() it would mean the default of 3,
# and the job would die at its fourth turn. An expected failure is logged without a traceback.
@app.task(bind=True, name="download", max_retries=None, throws=(OrchestratorError,))
def download(self: Task[..., Call], call: Call) -> Call:
    """Have the video downloaded."""
    return take_turn(self, "download", call)


@app.task(bind=True, name="normalize", max_retries=None, throws=(OrchestratorError,))
def normalize(self: Task[..., Call], call: Call) -> Call:
    """Have its audio normalized."""
    return take_turn(self, "normalization", call)


@app.task(bind=True, name="transcribe", max_retries=None, throws=(OrchestratorError,))
def transcribe(self: Task[..., Call], call: Call) -> Call:
    """Have the audio transcribed."""
    return take_turn(self, "transcription", call)


def take_turn(task: Task[..., Call], stage: str, call: Call) -> Call:
    """Give a stage one turn, and say to Celery what follows.

    Returns:
        The next stage's call, which Celery hands to the next task of the chain.

    Raises:
        Retry: The same stage goes on in another turn.
        Ignore: Nothing follows from this message; a plain return would start the next task. At
            the end of the chain there is none to start, and Celery takes longer over what is
            ignored than the whole turn takes.
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
    if outcome.next is Next.FOLLOWING_STAGE or not task.request.chain:
        return [job_id, outcome.number]
    raise Ignore
