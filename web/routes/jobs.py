"""Routes of jobs: submit, read, list, cancel, retry and delete."""

from flask import Blueprint, Response, url_for
from flask.typing import ResponseReturnValue
from flask_pydantic import validate

from orchestrator.domain.access import Scope
from orchestrator.domain.job import Acceptance, Job
from web.documentation.responses import (
    IF_NONE_MATCH,
    LAST_EVENT_ID,
    PREFER_WAIT,
    ResponseSpec,
    document_responses,
)
from web.guards.idempotency import IDEMPOTENCY_KEY, idempotent
from web.http.context import app_settings, caller, current_request, jobs, requested_job
from web.http.headers import job_origin
from web.http.live import respond_with_job, stream_events, wants_stream
from web.http.messages import translate
from web.http.uploads import accept_upload
from web.schemas.events import EventList
from web.schemas.job_list import JobList, JobListQuery, JobSummary, decode_cursor, encode_cursor
from web.schemas.jobs import JobDetail, PipelineAccepted, PipelineRequest

__all__ = ["blueprint"]

blueprint = Blueprint("jobs", __name__)


def _accepted(job: Acceptance) -> Response:
    accepted = PipelineAccepted(
        job_id=job.job_id,
        status=job.status,
        message=translate("message.pipeline", "Pipeline started"),
        youtube_url=job.request.source.public_url,
        overall_progress=job.overall_progress,
    )
    location = {"Location": url_for("jobs.show", job_id=job.job_id)}
    return Response(accepted.model_dump_json(), 202, location, content_type="application/json")


@blueprint.post("/pipeline")
@idempotent
@accept_upload(_accepted)
@validate()
@document_responses(
    ResponseSpec(PipelineAccepted, 202, description="The job was accepted. `Location` is its URL."),
    headers=(IDEMPOTENCY_KEY,),
)
def submit(body: PipelineRequest) -> ResponseReturnValue:
    """Submit a video for transcription, as a URL or as an uploaded file.

    Send JSON with `youtube_url`, or a form with the media in `file`. In a form, put `file` last:
    the fields before it are validated before the upload is read. The response returns at once;
    follow the job with `GET /jobs/{job_id}`.
    """
    settings = app_settings()
    request = body.to_request(settings, url=body.youtube_url, caller=caller(), origin=job_origin())
    return _accepted(jobs().submit(request, job_id=current_request().chosen_job_id))


@blueprint.get("/jobs/<job_id>")
@document_responses(
    ResponseSpec(JobDetail),
    ResponseSpec(status=304, media_types=(), description="The job has not changed."),
    headers=(PREFER_WAIT, IF_NONE_MATCH),
)
def show(job_id: str) -> ResponseReturnValue:
    """Return a job: status, progress, stages, transcript and warnings.

    To wait for changes instead of polling, send `Prefer: wait=20` with the last `ETag` in
    `If-None-Match`.
    """
    return respond_with_job(requested_job(job_id), _serialize)


@blueprint.get("/jobs")
@validate()
@document_responses(ResponseSpec(JobList))
def page(query: JobListQuery) -> ResponseReturnValue:
    """List jobs, newest first.

    For the next page, send `next_cursor` as `cursor`.
    """
    key, _, value = (query.metadata or "").partition(":")
    found = jobs().page(
        limit=query.limit,
        status=query.status,
        owner=caller().sees_only,
        note=(key, value) if key else None,
        cursor=decode_cursor(query.cursor) if query.cursor else None,
    )
    listed = JobList(
        total=found.total,
        jobs=[JobSummary.of(job) for job in found.jobs],
        next_cursor=encode_cursor(found.next_cursor),
    )
    return listed.model_dump(mode="json")


@blueprint.post("/jobs/<job_id>/cancel")
@document_responses(ResponseSpec(JobDetail))
def cancel(job_id: str) -> ResponseReturnValue:
    """Cancel a job and its work at the services.

    A job that has ended is returned unchanged.
    """
    return _detail(jobs().cancel(job_id)).model_dump(mode="json")


@blueprint.post("/jobs/<job_id>/retry")
@document_responses(ResponseSpec(JobDetail, 202, description="The job was queued again."))
def retry(job_id: str) -> ResponseReturnValue:
    """Resume a failed or cancelled job at the stage where it stopped.

    Completed stages are not repeated. Jobs in another status return 409.
    """
    return _detail(jobs().retry(job_id)).model_dump(mode="json"), 202


@blueprint.delete("/jobs/<job_id>")
@document_responses(ResponseSpec(status=204, media_types=(), description="The job was deleted."))
def remove(job_id: str) -> ResponseReturnValue:
    """Delete a job that has ended, with its files.

    A job that is still running returns 409; cancel it first.
    """
    jobs().delete(job_id)
    return Response(status=204)


@blueprint.get("/jobs/<job_id>/events")
@document_responses(
    ResponseSpec(EventList, media_types=("application/json", "text/event-stream")),
    headers=(LAST_EVENT_ID,),
)
def history(job_id: str) -> ResponseReturnValue:
    """Return the events of a job, oldest first, as JSON or as a live stream.

    With `Accept: text/event-stream` the events arrive as they happen (Server-Sent Events), until
    an `end` event. Reconnect with `Last-Event-ID` to resume.
    """
    if wants_stream():
        return stream_events(job_id)
    found = EventList.of(job_id, jobs().history(job_id))
    return found.model_dump(mode="json")


def _detail(job: Job) -> JobDetail:
    # Callers with only the `submit` scope may not read transcripts.
    transcript = jobs().transcript(job) if caller().may(Scope.READ) else None
    return JobDetail.of(job, transcript, jobs().queue_position(job))


def _serialize(job: Job) -> str:
    return _detail(job).model_dump_json()
