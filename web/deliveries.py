"""Routes of webhooks: what was sent about a job, and sending it again."""

from collections.abc import Sequence
from http import HTTPStatus

from flask import Blueprint
from flask.typing import ResponseReturnValue
from pydantic import BaseModel

from orchestrator.store.deliveries import Delivery, DeliveryStatus
from web.context import webhooks
from web.documented import Answer, answers
from web.schemas import Moment

__all__ = ["blueprint"]

blueprint = Blueprint("deliveries", __name__)


class DeliveryDetail(BaseModel):
    """One notice about a job."""

    delivery_id: str
    type: str
    url: str
    status: DeliveryStatus
    attempts: int
    created_at: Moment
    last_attempt_at: Moment | None
    response_status: int | None
    error: str | None

    @classmethod
    def of(cls, delivery: Delivery) -> "DeliveryDetail":
        """Show a delivery."""
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
    """The answer to ``GET /jobs/{job_id}/deliveries``, oldest first."""

    job_id: str
    deliveries: Sequence[DeliveryDetail]


@blueprint.get("/jobs/<job_id>/deliveries")
@answers(Answer(DeliveryList))
def page(job_id: str) -> ResponseReturnValue:
    """Tell what was sent to the job's `callback_url`, and what became of it."""
    found = [DeliveryDetail.of(delivery) for delivery in webhooks().of(job_id)]
    return DeliveryList(job_id=job_id, deliveries=found).model_dump(mode="json")


@blueprint.post("/jobs/<job_id>/deliveries/<delivery_id>/resend")
@answers(Answer(DeliveryDetail, status=202, description="It is sent within seconds."))
def resend(job_id: str, delivery_id: str) -> ResponseReturnValue:
    """Send a notice again, under the same id."""
    fresh = DeliveryDetail.of(webhooks().resend(job_id, delivery_id))
    return fresh.model_dump(mode="json"), HTTPStatus.ACCEPTED
