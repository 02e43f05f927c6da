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
    """Load what sending the first message would otherwise load (30 ms); opens no connection.

    Raises the error of a setting that Celery does not accept.
    """
    app = current_app
    _ = app.tasks, app.backend, app.amqp.router, app.amqp.send_task_message, app.producer_pool


@contextmanager
def broker_connection(app: Celery) -> Iterator[Any]:
    """Yield a connection to the broker from the app's pool.

    Raises:
        StoreUnavailableError: The broker does not answer.
    """
    pool: Any = app.pool  # wrongly annotated as a pool of producers
    with pool.acquire(block=True) as connection:
        try:
            yield connection
        except (KombuError, *connection.recoverable_connection_errors) as error:
            raise StoreUnavailableError(f"The broker is unavailable: {error}") from error


def queue_length(app: Celery) -> int:
    """Return the number of messages in the default queue.

    Raises:
        StoreUnavailableError: The broker does not answer.
    """
    with broker_connection(app) as connection:
        return _length(connection, app.conf.task_default_queue)


def queue_lengths(app: Celery) -> dict[str, int]:
    """Return the number of messages in each queue.

    Raises:
        StoreUnavailableError: The broker does not answer.
    """
    with broker_connection(app) as connection:
        return {queue.name: _length(connection, queue.name) for queue in app.conf.task_queues}


def announce_batch() -> None:
    """Ask upkeep to submit pending batches now; without this it takes up to 10 s."""
    _announce("upkeep.submit_batches")


def announce_listing() -> None:
    """Ask upkeep to list playlists now; without this it takes up to 2 s."""
    _announce("upkeep.list_playlists")


def purge() -> None:
    """Remove all messages from the orchestrator's queues."""
    current_app.control.purge()


def _announce(task: str) -> None:
    try:
        current_app.send_task(task)
    except (KombuError, OSError) as error:
        LOGGER.warning("Could not enqueue %s; it runs at its next interval: %s", task, error)


def _length(connection: Any, queue: str) -> int:
    channel = connection.default_channel
    if connection.transport.driver_type == "redis":
        # For a passive declaration kombu would look up the queue without its prefix.
        return int(channel.client.llen(queue))
    try:
        return int(channel.queue_declare(queue, passive=True).message_count)
    except connection.channel_errors:
        return 0  # neither a sender nor a worker has declared it yet
