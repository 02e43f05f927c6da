"""Routes of webhooks: what was sent about a job, and sending it again."""

from http import HTTPStatus

from flask import Blueprint
from flask.typing import ResponseReturnValue

from web.documentation.responses import Answer, answers
from web.http.context import webhooks
from web.schemas.deliveries import DeliveryDetail, DeliveryList

__all__ = ["blueprint"]

blueprint = Blueprint("deliveries", __name__)


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
