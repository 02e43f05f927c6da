"""Routes of batches: one request for many videos."""

from flask import Blueprint, url_for
from flask.typing import ResponseReturnValue
from flask_pydantic import validate

from orchestrator.domain.sources import Source
from orchestrator.errors import InvalidRequestError
from web.documentation.responses import ResponseSpec, document_responses
from web.guards.idempotency import IDEMPOTENCY_KEY, idempotent
from web.http.context import app_settings, batches, caller
from web.http.headers import job_origin
from web.schemas.batches import BatchAccepted, BatchDetail, BatchRequest

__all__ = ["blueprint"]

blueprint = Blueprint("batches", __name__, url_prefix="/batches")


@blueprint.post("")
@idempotent
@validate()
@document_responses(
    ResponseSpec(BatchAccepted, 202, description="The batch was accepted. `Location` is its URL."),
    headers=(IDEMPOTENCY_KEY,),
)
def submit(body: BatchRequest) -> ResponseReturnValue:
    """Submit a list of videos, a playlist or a channel as a batch of jobs.

    Send either `youtube_urls` or `playlist_url`. The options apply to every video.
    """
    if bool(body.youtube_urls) == bool(body.playlist_url):
        given = "both" if body.youtube_urls else "neither"
        detail = f"Send either `youtube_urls` or `playlist_url` (got {given})"
        raise InvalidRequestError(detail, "urls_or_playlist", "#")
    url = (body.playlist_url or body.youtube_urls[0]).strip()
    job_request = body.to_request(app_settings(), url=url, caller=caller(), origin=job_origin())
    if body.playlist_url:
        batch = batches().submit_playlist(job_request)
    else:
        batch = batches().submit([Source(one.strip()) for one in body.youtube_urls], job_request)
    accepted = BatchAccepted.of(batch)
    location = url_for("batches.show", batch_id=batch.batch_id)
    return accepted.model_dump(mode="json"), 202, {"Location": location}


@blueprint.get("/<batch_id>")
@document_responses(ResponseSpec(BatchDetail))
def show(batch_id: str) -> ResponseReturnValue:
    """Return a batch with the status of each of its videos."""
    return BatchDetail.of(batches().get(batch_id)).model_dump(mode="json")


@blueprint.post("/<batch_id>/cancel")
@document_responses(ResponseSpec(BatchDetail))
def cancel(batch_id: str) -> ResponseReturnValue:
    """Cancel all unfinished jobs of a batch."""
    return BatchDetail.of(batches().cancel(batch_id)).model_dump(mode="json")
