"""The pipeline as a Celery chain, whole or from a later stage on."""

from collections.abc import Sequence
from functools import cache

from celery import current_app, signature
from celery.canvas import Signature

from orchestrator.pipeline import STAGES, stage_named

__all__ = ["send_chain"]


def send_chain(stage: str, call: Sequence[str | int]) -> None:
    """Send a stage's task, and with it those of the stages after it, as a chain's first message.

    Each hands its wake-up call to the next. ``chain().apply_async()`` sends the same; to copy and
    freeze the same three tasks for every job takes it half as long again.

    Args:
        stage: The stage to begin with.
        call: Its wake-up call as it goes over the wire.
    """
    current_app.send_task(
        stage_named(stage).task,
        args=(call,),
        chain=_rest_of_chain(stage),
        argsrepr=repr((call,)),  # Celery's own ways of writing these take a tenth of sending
        kwargsrepr="{}",
    )


@cache
def _rest_of_chain(stage: str) -> list[Signature]:
    """Return the tasks after a stage's as Celery keeps them in a message: the next one last."""
    following = STAGES[STAGES.index(stage_named(stage)) + 1 :]
    return [signature(one.task) for one in reversed(following)]
