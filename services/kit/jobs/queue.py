"""The queue from a service's API to its workers, and the Celery configuration of both."""

import json
from typing import Any

from celery import Celery
from kombu import Exchange, Queue
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from services.kit.jobs.keys import Keys
from services.kit.jobs.redis_client import connect
from services.kit.service import TASK, Service
from services.kit.settings import ServiceSettings

_SINCE_MS = "waiting_since_ms"


def configure(service: Service, settings: ServiceSettings) -> dict[str, Any]:
    """Return Celery's configuration of a service."""
    return {
        "broker_url": settings.redis_url,
        "broker_transport_options": {
            # Without a prefix, one application would restore the messages of another.
            "global_keyprefix": f"{service.name}:celery:",
            # No tracking of unacknowledged messages: the job's hash is the source of truth, a
            # message only a wake-up call. Requires worker_disable_prefetch.
            "ack_emulation": False,
            "socket_timeout": 10,
            "socket_connect_timeout": 5,
            "socket_keepalive": True,
            "health_check_interval": 30,
        },
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
        "task_default_queue": service.name,
        "task_queues": [Queue(service.name, Exchange(service.name), routing_key=service.name)],
        "task_serializer": "json",
        "result_serializer": "json",
        "accept_content": ["json"],
        "task_publish_retry_policy": {"max_retries": 2, "interval_start": 0.1, "interval_max": 0.5},
        "worker_disable_prefetch": True,
        "worker_prefetch_multiplier": 1,
        "worker_pool": "prefork",
        "worker_concurrency": settings.worker_concurrency,
        "worker_send_task_events": False,
        "enable_utc": True,
        "timezone": "UTC",
    }


class JobQueue:
    """Publishes the wake-up calls of jobs.

    It has no result backend, because publishing would then subscribe to each task's result.
    """

    def __init__(self, service: Service, settings: ServiceSettings) -> None:
        self._celery = Celery(service.name, set_as_current=False)
        self._celery.conf.update(configure(service, settings))
        self._redis = connect(settings.redis_url)
        self._keys = Keys(service.name)

    def enqueue(self, job_id: str) -> None:
        """Publish a message for a job; calling it twice is safe, because a job is claimed once.

        The message carries the start of the job's wait.

        Raises:
            kombu.exceptions.OperationalError: The broker is unavailable.
        """
        try:
            since_ms = self._redis.zscore(self._keys.waiting, job_id) or 0.0
        except RedisError as error:
            raise OperationalError(str(error)) from error
        self._celery.send_task(TASK, args=[job_id], task_id=job_id, headers={_SINCE_MS: since_ms})

    def find_oldest_ms(self) -> float | None:
        """Return the start of the wait that the oldest message carries, or `None` without messages.

        It may be stale: if the job was sent again, its wait started later.
        """
        message = self._redis.lindex(self._keys.queue, -1)
        return float(json.loads(message)["headers"].get(_SINCE_MS, 0.0)) if message else None

    def purge(self) -> int:
        """Remove all messages; return their number."""
        return int(self._celery.control.purge() or 0)
