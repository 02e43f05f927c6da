"""The oldest message in the stages' queue, which shows which messages were lost."""

import json
import math
from typing import Any, Final

from celery import Celery
from kombu.exceptions import KombuError

from orchestrator.telemetry.log import LOGGER
from tasks.broker import broker_connection

__all__ = ["OldestMessage"]

_MAX_LOGGED: Final = 200  # bytes of a message in the log


class OldestMessage:
    """Reads the oldest message in the queue; only a Redis broker allows it.

    Args:
        app: The Celery app.
    """

    def __init__(self, app: Celery) -> None:
        self._app = app
        self._is_unreadable = False

    def number(self) -> float | None:
        """Return the number of the message's wake-up call.

        Logs a warning for the first of several unreadable messages.

        Returns:
            Infinity if the queue is empty; ``None`` if the broker is not Redis or the message is
            not a wake-up call.

        Raises:
            StoreUnavailableError: The broker does not answer.
        """
        with broker_connection(self._app) as connection:
            if connection.transport.driver_type != "redis":
                return None
            channel = connection.default_channel
            # kombu adds its prefix to keys of known commands only, and LINDEX is not one of them.
            queue = f"{channel.global_keyprefix}{self._app.conf.task_default_queue}"
            message = channel.client.lindex(queue, -1)
            if message is None:
                return math.inf
            number = _read_number(channel, message)
        self._report(message if number is None else None)
        return number

    def _report(self, unreadable: bytes | None) -> None:
        if unreadable is not None and not self._is_unreadable:
            LOGGER.warning(
                "Could not read the oldest message of queue %s; lost messages are found only after "
                "TURN_SECONDS: message=%r",
                self._app.conf.task_default_queue,
                unreadable[:_MAX_LOGGED],
            )
        self._is_unreadable = unreadable is not None


def _read_number(channel: Any, message: bytes) -> float | None:
    """Return the number in a wake-up call, whose only argument is ``[job id, number]``."""
    try:
        args, *_ = channel.message_to_python(json.loads(message)).payload
        ((_, number),) = args
        return float(number)
    except (KombuError, KeyError, ValueError, TypeError, AttributeError, IndexError):
        return None
