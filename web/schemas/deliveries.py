"""Schemas of webhook deliveries."""

from collections.abc import Sequence

from pydantic import BaseModel, Field

from orchestrator.store.deliveries import Delivery, DeliveryStatus
from web.schemas.jobs import Moment

__all__ = ["DeliveryDetail", "DeliveryList"]


class DeliveryDetail(BaseModel):
    """One webhook delivery."""

    delivery_id: str
    type: str = Field(description="The event, for example `job.completed`.")
    url: str
    status: DeliveryStatus
    attempts: int = Field(description="Number of attempts so far.")
    created_at: Moment
    last_attempt_at: Moment | None
    response_status: int | None = Field(description="HTTP status of the last response.")
    error: str | None = Field(description="Why the last attempt failed.")

    @classmethod
    def of(cls, delivery: Delivery) -> "DeliveryDetail":
        """Create from a delivery."""
        return cls(
            delivery_id=delivery.delivery_id,
            type=f"job.{delivery.job_status}",
            url=delivery.url,
            status=delivery.status,
            attempts=delivery.attempts,
            created_at=delivery.created_at,
            last_attempt_at=delivery.last_attempt_at,
            response_status=delivery.response_status,
            error=delivery.error,
        )


class DeliveryList(BaseModel):
    """Response of ``GET /jobs/{job_id}/deliveries``, oldest first."""

    job_id: str
    deliveries: Sequence[DeliveryDetail]
