"""The broker: its connections, the length of its queues, and announcements to upkeep."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from celery import Celery, current_app
from kombu.exceptions import KombuError

from orchestrator.errors import StoreUnavailableError
from orchestrator.telemetry.log import LOGGER

__all__ = [
    "announce_batch",
    "announce_listing",
    "broker_connection",
    "get_ready",
    "purge",
    "queue_length",
    "queue_lengths",
]


def get_ready() -> None:
    """Load what the first message would otherwise wait for (30 ms); opens no connection.

    Settings that Celery does not accept raise their error here.
    """
    app = current_app
    _ = app.tasks, app.backend, app.amqp.router, app.amqp.send_task_message, app.producer_pool


@contextmanager
def broker_connection(app: Celery) -> Iterator[Any]:
    """Yield a connection to the broker from the app's pool.

    Raises:
        StoreUnavailableError: The broker does not answer.
    """
    pool: Any = app.pool  # annotated as a pool of producers, which it is not
    with pool.acquire(block=True) as connection:
        try:
            yield connection
        except (KombuError, *connection.recoverable_connection_errors) as error:
            raise StoreUnavailableError(f"The broker is unavailable: {error}") from error


def queue_length(app: Celery) -> int:
    """Return how many messages wait.

    Raises:
        StoreUnavailableError: The broker does not answer.
    """
    with broker_connection(app) as connection:
        return _length(connection, app.conf.task_default_queue)


def queue_lengths(app: Celery) -> dict[str, int]:
    """Return how many messages wait, by queue.

    Raises:
        StoreUnavailableError: The broker does not answer.
    """
    with broker_connection(app) as connection:
        return {queue.name: _length(connection, queue.name) for queue in app.conf.task_queues}


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


def _length(connection: Any, queue: str) -> int:
    channel = connection.default_channel
    if connection.transport.driver_type == "redis":
        # Not a passive declaration: kombu looks for the queue without its prefix there.
        return int(channel.client.llen(queue))
    try:
        return int(channel.queue_declare(queue, passive=True).message_count)
    except connection.channel_errors:
        return 0  # nobody has sent anything yet, and no worker has declared it
