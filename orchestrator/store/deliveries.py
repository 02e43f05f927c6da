"""Notices to clients' own addresses, from the end of a job until they have arrived."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Self

from orchestrator.domain.job import instant
from orchestrator.errors import DeliveryNotFoundError
from orchestrator.store import keys
from orchestrator.store.connection import Connection

__all__ = ["Delivery", "DeliveryStatus", "DeliveryStore"]


class DeliveryStatus(StrEnum):
    """Where a notice is."""

    PENDING = "pending"  # it is sent when its time comes
    DELIVERED = "delivered"  # the receiver has said that it took it
    FAILED = "failed"  # it was refused for good, or too often; can be sent again


@dataclass(frozen=True)
class Delivery:
    """One notice about one job."""

    job_id: str
    number: str
    """Which of the job's notices it is, from 1: a job that is retried ends again."""
    url: str
    job_status: str
    """How the job ended."""
    created_ms: int
    status: DeliveryStatus = DeliveryStatus.PENDING
    attempts: int = 0
    last_attempt_ms: int | None = None
    response_status: int | None = None
    """The HTTP status of the last answer."""
    error: str | None = None
    """Why the last attempt came to nothing."""
    record: str = field(default="", compare=False, repr=False)
    """How it was stored when it was read."""

    @property
    def delivery_id(self) -> str:
        """The id of the notice, the same in every attempt."""
        return f"msg_{self.job_id}_{self.number}"

    @property
    def created_at(self) -> datetime:
        """When the job ended."""
        return instant(self.created_ms)

    @property
    def last_attempt_at(self) -> datetime | None:
        """When it was last sent."""
        return instant(self.last_attempt_ms) if self.last_attempt_ms else None

    def encode(self) -> str:
        """Return it as it is stored."""
        kept = ("job_status", "created_ms", "status", "attempts", "last_attempt_ms",
                "response_status", "error")  # fmt: skip
        values = asdict(self)
        return json.dumps({name: values[name] for name in kept if values[name] is not None})

    @classmethod
    def decode(cls, job_id: str, number: str, url: str, record: str) -> Self:
        """Build it from how it is stored."""
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
    """Reads and moves what ``finish`` in the scripts writes."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def of(self, job_id: str) -> Sequence[Delivery]:
        """Return the deliveries of a job, oldest first."""
        with self._connection.commands() as client:
            records = client.hgetall(keys.deliveries(job_id))
            url = client.hget(keys.job(job_id), "callback_url") or ""
        return [
            Delivery.decode(job_id, number, url, records[number])
            for number in sorted(records, key=int)
        ]

    def take_due(self, *, limit: int, again_in_s: float) -> tuple[Sequence[Delivery], datetime]:
        """Take deliveries that are due.

        Args:
            limit: How many at the most.
            again_in_s: Seconds until a delivery that is not recorded becomes due again.

        Returns:
            The deliveries, and Redis's time.
        """
        found, now = self._connection.run("deliveries", "take", limit, round(again_in_s * 1000))
        return [Delivery.decode(*one) for one in found], instant(now)

    def note(self, taken: Delivery, outcome: Delivery, *, in_s: float | None) -> None:
        """Write what an attempt came to, unless the delivery was changed meanwhile.

        Args:
            taken: The delivery as it was taken.
            outcome: The same after the attempt.
            in_s: When it is due again, in seconds; ``None`` for never.
        """
        self._connection.run(
            "deliveries", "note", taken.job_id, taken.number, taken.record, outcome.encode(),
            "" if in_s is None else round(in_s * 1000),
        )  # fmt: skip

    def resend(self, job_id: str, delivery_id: str) -> Delivery:
        """Make a delivery due now, as if it had never been tried.

        Raises:
            DeliveryNotFoundError: The job has no such delivery.
        """
        for delivery in self.of(job_id):
            if delivery.delivery_id == delivery_id:
                fresh = Delivery(
                    job_id, delivery.number, delivery.url, delivery.job_status, delivery.created_ms
                )
                self._connection.run("deliveries", "resend", job_id, fresh.number, fresh.encode())
                return fresh
        raise DeliveryNotFoundError(delivery_id)
