"""Routes of webhook deliveries: list and resend."""

from http import HTTPStatus

from flask import Blueprint
from flask.typing import ResponseReturnValue

from web.documentation.responses import ResponseSpec, document_responses
from web.http.context import webhooks
from web.schemas.deliveries import DeliveryDetail, DeliveryList

__all__ = ["blueprint"]

blueprint = Blueprint("deliveries", __name__)


@blueprint.get("/jobs/<job_id>/deliveries")
@document_responses(ResponseSpec(DeliveryList))
def page(job_id: str) -> ResponseReturnValue:
    """List the webhook deliveries of a job and their outcome, oldest first."""
    deliveries = [DeliveryDetail.of(delivery) for delivery in webhooks().deliveries(job_id)]
    return DeliveryList(job_id=job_id, deliveries=deliveries).model_dump(mode="json")


@blueprint.post("/jobs/<job_id>/deliveries/<delivery_id>/resend")
@document_responses(
    ResponseSpec(
        DeliveryDetail,
        status=202,
        description="The delivery was queued and is sent within seconds.",
    )
)
def resend(job_id: str, delivery_id: str) -> ResponseReturnValue:
    """Resend a webhook delivery under the same `delivery_id`."""
    delivery = DeliveryDetail.of(webhooks().resend(job_id, delivery_id))
    return delivery.model_dump(mode="json"), HTTPStatus.ACCEPTED
