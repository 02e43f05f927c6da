"""Webhook deliveries, from the end of a job until the receiver has accepted them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Self

from orchestrator.domain.job import instant
from orchestrator.errors import DeliveryNotFoundError
from orchestrator.store import keys
from orchestrator.store.commands import RecordDelivery, ResendDelivery, TakeDeliveries
from orchestrator.store.connection import Connection

__all__ = ["Delivery", "DeliveryStatus", "DeliveryStore"]


class DeliveryStatus(StrEnum):
    """The status of a delivery."""

    PENDING = "pending"  # sent when it is due
    DELIVERED = "delivered"  # the receiver accepted it
    FAILED = "failed"  # refused permanently or too often; can be resent


@dataclass(frozen=True)
class Delivery:
    """The delivery of one webhook about one job."""

    job_id: str
    number: str
    """The number within the job, from 1: a job that is retried ends again."""
    url: str
    job_status: str
    """How the job ended."""
    created_ms: int
    status: DeliveryStatus = DeliveryStatus.PENDING
    attempts: int = 0
    last_attempt_ms: int | None = None
    response_status: int | None = None
    """The HTTP status of the last response."""
    error: str | None = None
    """Why the last attempt failed."""
    record: str = field(default="", compare=False, repr=False)
    """The stored value that it was read from."""

    @property
    def delivery_id(self) -> str:
        """The id of the webhook, the same in every attempt."""
        return f"msg_{self.job_id}_{self.number}"

    @property
    def created_at(self) -> datetime:
        """The time at which the job ended."""
        return instant(self.created_ms)

    @property
    def last_attempt_at(self) -> datetime | None:
        """The time of the last attempt."""
        return instant(self.last_attempt_ms) if self.last_attempt_ms else None

    def encode(self) -> str:
        """Return the value to store."""
        kept = ("job_status", "created_ms", "status", "attempts", "last_attempt_ms",
                "response_status", "error")  # fmt: skip
        values = asdict(self)
        return json.dumps({name: values[name] for name in kept if values[name] is not None})

    @classmethod
    def decode(cls, job_id: str, number: str, url: str, record: str) -> Self:
        """Build a delivery from its stored value."""
        values: Mapping[str, Any] = json.loads(record)
        return cls(
            job_id,
            number,
            url,
            job_status=values["job_status"],
            created_ms=int(values["created_ms"]),
            status=DeliveryStatus(values["status"]),
            attempts=int(values["attempts"]),
            last_attempt_ms=values.get("last_attempt_ms"),
            response_status=values.get("response_status"),
            error=values.get("error"),
            record=record,
        )


class DeliveryStore:
    """Deliveries by job; ``finish`` in ``jobs.lua`` creates them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def list_of(self, job_id: str) -> Sequence[Delivery]:
        """Return the deliveries of a job, oldest first."""
        with self._connection.commands() as client:
            records = client.hgetall(keys.deliveries(job_id))
            url = client.hget(keys.job(job_id), "callback_url") or ""
        return [
            Delivery.decode(job_id, number, url, records[number])
            for number in sorted(records, key=int)
        ]

    def take_due(
        self, *, limit: int, visibility_timeout_s: float
    ) -> tuple[Sequence[Delivery], datetime]:
        """Return due deliveries, and hide them for a while.

        Args:
            limit: The maximum number of deliveries.
            visibility_timeout_s: Seconds until a delivery without a recorded outcome becomes due
                again.

        Returns:
            The deliveries, and Redis's time.
        """
        command = TakeDeliveries(limit, round(visibility_timeout_s * 1000))
        answer = self._connection.run(command)
        return [Delivery.decode(**one) for one in answer["taken"]], instant(answer["now"])

    def record_outcome(self, taken: Delivery, outcome: Delivery, *, in_s: float | None) -> None:
        """Store the outcome of an attempt, unless the delivery has changed since.

        Args:
            taken: The delivery before the attempt.
            outcome: The delivery after it.
            in_s: Seconds until it is due again; ``None`` for never.
        """
        in_ms = None if in_s is None else round(in_s * 1000)
        self._connection.run(
            RecordDelivery(taken.job_id, taken.number, taken.record, outcome.encode(), in_ms)
        )

    def resend(self, job_id: str, delivery_id: str) -> Delivery:
        """Reset a delivery and make it due now.

        Raises:
            DeliveryNotFoundError: The job has no such delivery.
        """
        for delivery in self.list_of(job_id):
            if delivery.delivery_id == delivery_id:
                fresh = Delivery(
                    job_id, delivery.number, delivery.url, delivery.job_status, delivery.created_ms
                )
                self._connection.run(ResendDelivery(job_id, fresh.number, fresh.encode()))
                return fresh
        raise DeliveryNotFoundError(delivery_id)
