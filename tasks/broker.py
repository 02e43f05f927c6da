"""What the broker holds: wake-up calls put there, and the oldest one that still waits."""

import base64
import json
import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from celery import Celery, current_app
from kombu.exceptions import KombuError
from kombu.transport.redis import Channel as RedisChannel

from orchestrator.errors import StoreUnavailableError
from orchestrator.job import WakeUp
from orchestrator.log import LOGGER
from tasks.chains import send_chain

__all__ = [
    "announce_batch",
    "announce_listing",
    "enqueue",
    "get_ready",
    "oldest_number",
    "purge",
    "queue_length",
    "queue_lengths",
]


def get_ready() -> None:
    """Load what the first message would otherwise wait for; opens no connection.

    That is 30 ms; and settings that Celery does not take are told at the start.
    """
    app = current_app
    _ = app.backend, app.amqp.router, app.amqp.send_task_message, app.producer_pool


def enqueue(call: WakeUp) -> None:
    """Put a wake-up call on the broker: the job's stage, and the stages after it.

    A broker that is away is only logged: the job waits in the store without a message, which
    the reconciler notices.
    """
    try:
        send_chain(call.stage, [call.job_id, call.number])
    except (KombuError, OSError) as error:
        LOGGER.warning("Job %s is not enqueued yet: %s", call.job_id, error)


def oldest_number(app: Celery) -> float | None:
    """Return the number of the oldest message that waits.

    Returns:
        Infinity where the queue is empty; ``None`` where the broker cannot be looked into (it is
        not Redis), or its oldest message is not a wake-up call.

    Raises:
        StoreUnavailableError: The broker does not answer.
    """
    with _channel(app) as channel:
        if not isinstance(channel, RedisChannel):
            return None
        # kombu puts its prefix before the keys of commands that it uses: of LLEN, not of LINDEX.
        queue = f"{channel.global_keyprefix}{app.conf.task_default_queue}"
        message = channel.client.lindex(queue, -1)
    return _number(message) if message else math.inf


def queue_length(app: Celery) -> int:
    """Return how many messages wait.

    Raises:
        StoreUnavailableError: The broker does not answer.
    """
    with _channel(app) as channel:
        return _length(channel, app.conf.task_default_queue)


def queue_lengths(app: Celery) -> dict[str, int]:
    """Return how many messages wait, by queue.

    Raises:
        StoreUnavailableError: The broker does not answer.
    """
    with _channel(app) as channel:
        return {queue.name: _length(channel, queue.name) for queue in app.conf.task_queues}


def announce_batch() -> None:
    """Have upkeep go on with pending batches now; it would do so by itself in a few seconds."""
    _announce("upkeep.submit_batches")


def announce_listing() -> None:
    """Have upkeep list playlists now; it would do so by itself in a moment."""
    _announce("upkeep.list_playlists")


def purge() -> None:
    """Remove every message of the orchestrator's queues."""
    current_app.control.purge()


def _announce(task: str) -> None:
    try:
        current_app.send_task(task)
    except (KombuError, OSError) as error:
        LOGGER.warning("Batches wait for the next round of upkeep: %s", error)


def _length(channel: Any, queue: str) -> int:
    if isinstance(channel, RedisChannel):
        return int(channel.client.llen(queue))
    try:
        return int(channel.queue_declare(queue, passive=True).message_count)
    except channel.connection.client.channel_errors:
        return 0  # nobody has sent anything yet, and no worker has made it


@contextmanager
def _channel(app: Celery) -> Iterator[Any]:
    """Give a channel to the broker, its errors translated."""
    pool: Any = app.pool  # annotated as a pool of producers, which it is not
    with pool.acquire(block=True) as connection:
        try:
            yield connection.default_channel
        except (KombuError, *connection.recoverable_connection_errors) as error:
            raise StoreUnavailableError(f"The broker is unavailable: {error}") from error


def _number(message: bytes) -> float | None:
    """Read the wake-up number in a message: the first argument is ``[job id, number]``."""
    try:
        body = json.loads(message)["body"]
        (_, number), *_ = json.loads(base64.b64decode(body))[0]
        return float(number)
    except (KeyError, ValueError, TypeError, IndexError):
        return None
