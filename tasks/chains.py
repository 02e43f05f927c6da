"""The pipeline as a Celery chain, whole or from a later stage on.

Sent past ``send_task``, which works out anew for each message what is the same for all of a stage:
that took a quarter of sending, two fifths where a chain goes on, and sending was a quarter of a
submission.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

from celery import Celery, Task, current_app, signature
from celery.canvas import Signature
from celery.utils import uuid
from kombu.exceptions import OperationalError

from orchestrator.pipeline import STAGES, stage_named

__all__ = ["StageTask", "send_chain"]


class StageTask(Task):  # type: ignore[type-arg]  # it has no type parameters at run time
    """A task that Celery continues a chain with at the cost of ``send_chain``."""

    def apply_async(self, args: Any = None, kwargs: Any = None, **options: Any) -> Any:  # type: ignore[override]  # the stubs name some of the options
        """Send the task; whatever a chain does not ask for is left to Celery."""
        if kwargs or not options.keys() <= {"chain", "root_id", "parent_id"}:
            return super().apply_async(args, kwargs, **options)
        return self.AsyncResult(_send(self.app, self.name, args, **options))


def send_chain(stage: str, call: Sequence[str | int]) -> None:
    """Send a stage's task, and with it those of the stages after it, as a chain's first message.

    Each hands its wake-up call to the next.

    Args:
        stage: The stage to begin with.
        call: Its wake-up call as it goes over the wire.

    Raises:
        OperationalError: The broker does not take it.
    """
    _send(current_app, stage_named(stage).task, (call,), chain=_rest_of_chain(stage))


@cache
def _rest_of_chain(stage: str) -> list[Signature]:
    """Return the tasks after a stage's as Celery keeps them in a message: the next one last."""
    following = STAGES[STAGES.index(stage_named(stage)) + 1 :]
    return [signature(one.task) for one in reversed(following)]


def _send(app: Celery, task: str, args: Any, **facts: Any) -> str:
    """Send a task's message; returns the task's id."""
    amqp: Any = app.amqp  # whose annotations are not those of what it is called with here
    task_id = uuid()
    message = amqp.as_task_v2(
        task_id,
        task,
        args,
        argsrepr=repr(args),  # Celery's own ways of writing these take a tenth of sending
        kwargsrepr="{}",
        ignore_result=True,
        **facts,
    )
    with amqp.producer_pool.acquire(block=True) as producer:
        try:
            amqp.send_task_message(producer, task, message)
        except _errors_of(producer.connection) as error:
            raise OperationalError(str(error)) from error
    return task_id


def _errors_of(connection: Any) -> tuple[type[Exception], ...]:
    """Return a broker's own errors that Celery would put in its words."""
    return (*connection.recoverable_connection_errors, *connection.recoverable_channel_errors)
