"""Routes of jobs: submit, read, list, cancel, retry, delete."""

from flask import Blueprint, Response, url_for
from flask.typing import ResponseReturnValue
from flask_pydantic import validate

from orchestrator.domain.access import Scope
from orchestrator.domain.job import Acceptance, Job
from web.documentation.responses import IF_NONE_MATCH, LAST_EVENT_ID, PREFER_WAIT, Answer, answers
from web.guards.idempotency import IDEMPOTENCY_KEY, idempotent
from web.http.context import app_settings, asked_job, caller, jobs, present
from web.http.headers import origin
from web.http.live import show_live, stream, wants_stream
from web.http.messages import say
from web.http.uploads import or_upload
from web.schemas.events import EventList
from web.schemas.job_list import JobList, JobListQuery, JobSummary, read_cursor, write_cursor
from web.schemas.jobs import JobDetail, PipelineAccepted, PipelineRequest

__all__ = ["blueprint"]

blueprint = Blueprint("jobs", __name__)


def _accepted(job: Acceptance) -> Response:
    accepted = PipelineAccepted(
        job_id=job.job_id,
        status=job.status,
        message=say("message.pipeline", "Pipeline started"),
        youtube_url=job.request.source.public_url,
        overall_progress=job.overall_progress,
    )
    location = {"Location": url_for("jobs.show", job_id=job.job_id)}
    return Response(accepted.model_dump_json(), 202, location, content_type="application/json")


@blueprint.post("/pipeline")
@idempotent
@or_upload(_accepted)
@validate()
@answers(Answer(PipelineAccepted, 202, description="Accepted."), headers=(IDEMPOTENCY_KEY,))
def submit(body: PipelineRequest) -> ResponseReturnValue:
    """Accept a video's address, or a file in a form."""
    settings = app_settings()
    request = body.to_request(settings, url=body.youtube_url, caller=caller(), origin=origin())
    return _accepted(jobs().submit(request, job_id=present().chosen_job_id))


@blueprint.get("/jobs/<job_id>")
@answers(
    Answer(JobDetail),
    Answer(status=304, media_types=(), description="Not changed."),
    headers=(PREFER_WAIT, IF_NONE_MATCH),
)
def show(job_id: str) -> ResponseReturnValue:
    """Tell everything about a job, with ``Prefer: wait=N`` once it has changed."""
    return show_live(asked_job(job_id), _written)


@blueprint.get("/jobs")
@validate()
@answers(Answer(JobList))
def page(query: JobListQuery) -> ResponseReturnValue:
    """List the newest jobs."""
    key, _, value = (query.metadata or "").partition(":")
    found = jobs().page(
        limit=query.limit,
        status=query.status,
        owner=caller().sees_only,
        note=(key, value) if key else None,
        cursor=read_cursor(query.cursor) if query.cursor else None,
    )
    listed = JobList(
        total=found.total,
        jobs=[JobSummary.of(job) for job in found.jobs],
        next_cursor=write_cursor(found.next_cursor),
    )
    return listed.model_dump(mode="json")


@blueprint.post("/jobs/<job_id>/cancel")
@answers(Answer(JobDetail))
def cancel(job_id: str) -> ResponseReturnValue:
    """End a job at once, in any status."""
    return _detail(jobs().cancel(job_id)).model_dump(mode="json")


@blueprint.post("/jobs/<job_id>/retry")
@answers(Answer(JobDetail, 202, description="Accepted."))
def retry(job_id: str) -> ResponseReturnValue:
    """Send a failed or cancelled job on from where it stopped."""
    return _detail(jobs().retry(job_id)).model_dump(mode="json"), 202


@blueprint.delete("/jobs/<job_id>")
@answers(Answer(status=204, media_types=(), description="Deleted."))
def remove(job_id: str) -> ResponseReturnValue:
    """Delete a job that has ended."""
    jobs().delete(job_id)
    return Response(status=204)


@blueprint.get("/jobs/<job_id>/events")
@answers(
    Answer(EventList, media_types=("application/json", "text/event-stream")),
    headers=(LAST_EVENT_ID,),
)
def history(job_id: str) -> ResponseReturnValue:
    """Tell what happened to a job, oldest first; as it happens where Accept asks for a stream."""
    if wants_stream():
        return stream(job_id)
    found = EventList.of(job_id, jobs().history(job_id))
    return found.model_dump(mode="json")


def _detail(job: Job) -> JobDetail:
    # Who may only submit is answered with a job too, but not with what was said in the video.
    transcript = jobs().transcript(job) if caller().may(Scope.READ) else None
    return JobDetail.of(job, transcript, jobs().queue_position(job))


def _written(job: Job) -> str:
    return _detail(job).model_dump_json()
