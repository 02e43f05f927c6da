"""Signed webhooks when a job has ended, as specified by standardwebhooks.com.

A delivery is stored in the same step that ends the job, so none is lost. Its payload has the job's
id, its status and its first warnings; the API has the rest. A webhook may arrive twice, with the
same ``webhook-id``.
"""

import json
import random
import re
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from functools import partial
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

from orchestrator.domain.findings import JobWarning
from orchestrator.domain.job import milliseconds
from orchestrator.domain.network import check_address
from orchestrator.domain.signatures import sign
from orchestrator.engine.clocks import RedisClock
from orchestrator.engine.resources import Connections
from orchestrator.errors import (
    CallbackError,
    ForbiddenAddressError,
    InvalidRequestError,
    JobNotFoundError,
)
from orchestrator.http.pinned import post
from orchestrator.settings import Settings
from orchestrator.store.deliveries import Delivery, DeliveryStatus, DeliveryStore
from orchestrator.store.jobs import JobStore
from orchestrator.telemetry.log import LOGGER

__all__ = ["Webhooks", "check_callback", "retry_in_s"]

# Times `WEBHOOK_BACKOFF_BASE_SECONDS`: 5 s, 30 s, 2 min, 10 min, 30 min, 1 h, 3 h, 6 h, 12 h.
_WAITS: Final = (1, 6, 24, 120, 360, 720, 2160, 4320, 8640)
_POINTER: Final = "#/callback_url"
# URL parsers disagree about these characters, or drop them; valid URLs do not contain them.
_INVALID: Final = re.compile(r"[\s\x00-\x20\x7f-\x9f\\]")
_JITTER: Final = 0.1  # so that a receiver that was down does not get all webhooks at once
_MAX_WARNINGS: Final = 20  # keeps the payload small
_THREADS: Final = 8
_BATCH: Final = 32


def check_callback(url: str, settings: Settings) -> None:
    """Raise unless webhooks can be sent to a URL.

    Raises:
        InvalidRequestError: The URL is invalid, or WEBHOOK_SECRET is not set.
        ForbiddenAddressError: The URL's host is in a private network.
    """
    if not settings.webhook_secrets:
        detail = "callback_url cannot be used: the server's WEBHOOK_SECRET is not set"
        raise InvalidRequestError(detail, "no_webhook_secret", _POINTER)
    try:
        parts = urlsplit(url)
        is_web = parts.scheme in {"http", "https"} and parts.port != 0
        is_plain = bool(parts.hostname) and "@" not in parts.netloc and not _INVALID.search(url)
    except ValueError:
        is_web = is_plain = False
    if not (is_web and is_plain):
        detail = (
            "callback_url must be an http or https URL without a login, spaces, control "
            "characters or backslashes"
        )
        raise InvalidRequestError(detail, "callback_url", _POINTER)
    check_address(url, allow_private=settings.allow_private_addresses, pointer=_POINTER)


def retry_in_s(attempts: int, base_s: float) -> float | None:
    """Return the seconds to wait after ``attempts`` failed attempts, ``None`` after the last."""
    if attempts > len(_WAITS):
        return None
    return _WAITS[attempts - 1] * base_s * random.uniform(1 - _JITTER, 1 + _JITTER)  # noqa: S311


class Webhooks:
    """The use cases of webhooks: list, resend and deliver.

    Args:
        connections: The process's connections.
    """

    def __init__(self, connections: Connections) -> None:
        connection, settings = connections.connection, connections.settings
        self._settings = settings
        self._jobs = JobStore(connection, settings)
        self._deliveries = DeliveryStore(connection)

    def deliveries(self, job_id: str) -> Sequence[Delivery]:
        """Return the deliveries of a job, oldest first.

        Raises:
            JobNotFoundError: There is no such job, or it has expired.
        """
        self._jobs.get(job_id)
        return self._deliveries.list_of(job_id)

    def resend(self, job_id: str, delivery_id: str) -> Delivery:
        """Schedule a delivery again, with as many attempts as a new one.

        Raises:
            JobNotFoundError: There is no such job.
            DeliveryNotFoundError: The job has no such delivery.
        """
        self._jobs.get(job_id)
        return self._deliveries.resend(job_id, delivery_id)

    def deliver_due(self) -> int:
        """Send the webhooks that are due; return how many were delivered."""
        # Longer than one round takes, so that no other worker sends the same ones meanwhile.
        lease_s = self._settings.webhook_timeout_s * (_BATCH / _THREADS + 1)
        due, now = self._deliveries.take_due(limit=_BATCH, visibility_timeout_s=lease_s)
        if not due:
            return 0
        with ThreadPoolExecutor(_THREADS) as pool:
            return sum(pool.map(partial(self._deliver, RedisClock(now)), due))

    def _deliver(self, clock: RedisClock, delivery: Delivery) -> bool:
        """Send one webhook; it is signed with Redis's time, which receivers check (± 5 min)."""
        now = clock.now()
        attempts = delivery.attempts + 1
        attempted = replace(delivery, attempts=attempts, last_attempt_ms=milliseconds(now))
        try:
            status = self._send(delivery, now)
            error = None if _is_success(status) else f"HTTP status {status}"
        except (CallbackError, ForbiddenAddressError) as failure:
            status, error = None, str(failure)
        outcome = replace(attempted, response_status=status, error=error)
        wait_s = self._next_wait_s(outcome)
        if error is None:
            outcome = replace(outcome, status=DeliveryStatus.DELIVERED)
        elif wait_s is None:
            outcome = replace(outcome, status=DeliveryStatus.FAILED)
            LOGGER.warning("Gave up on webhook %s: %s", delivery.delivery_id, error)
        self._deliveries.record_outcome(delivery, outcome, in_s=wait_s)
        return error is None

    def _warnings(self, delivery: Delivery) -> Sequence[JobWarning]:
        """Return the warnings of the job, none if it was retried since."""
        try:
            job = self._jobs.get(delivery.job_id)
        except JobNotFoundError:
            return ()
        return job.findings.warnings if job.status == delivery.job_status else ()

    def _next_wait_s(self, outcome: Delivery) -> float | None:
        is_final = outcome.error is None or outcome.response_status == HTTPStatus.GONE
        base_s = self._settings.webhook_backoff_base_s
        return None if is_final else retry_in_s(outcome.attempts, base_s)

    def _send(self, delivery: Delivery, now: datetime) -> int:
        settings, timestamp = self._settings, int(now.timestamp())
        body = _body(delivery, self._warnings(delivery))
        headers: Mapping[str, str] = {
            "Content-Type": "application/json",
            "User-Agent": "ytcaption-orchestrator",
            "webhook-id": delivery.delivery_id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": sign(
                settings.webhook_secrets, delivery.delivery_id, timestamp, body
            ),
        }
        return post(
            delivery.url,
            body,
            headers,
            allow_private=settings.allow_private_addresses,
            limit_s=settings.webhook_timeout_s,
        )


def _body(delivery: Delivery, warnings: Sequence[JobWarning]) -> bytes:
    moment = delivery.created_at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    data = {
        "job_id": delivery.job_id,
        "status": delivery.job_status,
        "warnings": [warning.as_json() for warning in warnings[:_MAX_WARNINGS]],
        "warning_count": len(warnings),
    }
    payload = {"type": f"job.{delivery.job_status}", "timestamp": moment, "data": data}
    return json.dumps(payload, separators=(",", ":")).encode()


def _is_success(status: int) -> bool:
    return HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES
