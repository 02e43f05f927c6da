"""Routes of batches: many videos at once."""

from flask import Blueprint, url_for
from flask.typing import ResponseReturnValue
from flask_pydantic import validate

from orchestrator.domain.sources import Source
from orchestrator.errors import InvalidRequestError
from web.documentation.responses import Answer, answers
from web.guards.idempotency import IDEMPOTENCY_KEY, idempotent
from web.http.context import app_settings, batches, caller
from web.http.headers import origin
from web.schemas.batches import BatchAccepted, BatchDetail, BatchRequest

__all__ = ["blueprint"]

blueprint = Blueprint("batches", __name__, url_prefix="/batches")


@blueprint.post("")
@idempotent
@validate()
@answers(Answer(BatchAccepted, 202, description="Accepted."), headers=(IDEMPOTENCY_KEY,))
def submit(body: BatchRequest) -> ResponseReturnValue:
    """Accept a list of videos, or a playlist or channel, whose videos are listed first."""
    if bool(body.youtube_urls) == bool(body.playlist_url):
        detail = "Either youtube_urls or playlist_url must be there, and not both"
        raise InvalidRequestError(detail, "urls_or_playlist", "#")
    url = (body.playlist_url or body.youtube_urls[0]).strip()
    asked = body.to_request(app_settings(), url=url, caller=caller(), origin=origin())
    if body.playlist_url:
        batch = batches().submit_playlist(asked)
    else:
        batch = batches().submit([Source(one.strip()) for one in body.youtube_urls], asked)
    accepted = BatchAccepted.of(batch)
    location = url_for("batches.show", batch_id=batch.batch_id)
    return accepted.model_dump(mode="json"), 202, {"Location": location}


@blueprint.get("/<batch_id>")
@answers(Answer(BatchDetail))
def show(batch_id: str) -> ResponseReturnValue:
    """Tell what has become of a batch's videos."""
    return BatchDetail.of(batches().get(batch_id)).model_dump(mode="json")


@blueprint.post("/<batch_id>/cancel")
@answers(Answer(BatchDetail))
def cancel(batch_id: str) -> ResponseReturnValue:
    """Cancel every job of a batch that has not ended."""
    return BatchDetail.of(batches().cancel(batch_id)).model_dump(mode="json")
