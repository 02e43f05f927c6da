"""``/jobs``: submit, poll, download, list and delete."""

import json
from hashlib import sha256
from io import BytesIO
from pathlib import Path

from flask import Flask, Response, jsonify, request

from foundation.prefer import parse_wait_s
from foundation.tracing import parse_traceparent, span
from services.kit.http.file_response import FileMetadata, send_job_file
from services.kit.http.operations import Operations
from services.kit.http.problems import Problem
from services.kit.http.submission import read_submission
from services.kit.http.waiting import MAX_WAIT_S, wait_for_change
from services.kit.jobs.job import Job, Status

DEFAULT_LIMIT = 50
MAX_LIMIT = 200


class JobRoutes:
    """The views of jobs: parse the request, call an operation, build the response."""

    def __init__(self, operations: Operations) -> None:
        self._operations = operations

    def install(self, app: Flask) -> None:
        """Add the routes to an application."""
        app.add_url_rule("/jobs", view_func=self.submit, methods=["POST"])
        for name in self._operations.service.extra_submissions:
            app.add_url_rule(f"/{name}", name, self.submit, methods=["POST"])
        app.add_url_rule("/jobs", view_func=self.list_recent)
        app.add_url_rule("/jobs/<job_id>", view_func=self.show)
        app.add_url_rule("/jobs/<job_id>", view_func=self.delete, methods=["DELETE"])
        app.add_url_rule("/jobs/<job_id>/download", view_func=self.download)
        for name in self._operations.service.documents:
            app.add_url_rule(
                f"/jobs/<job_id>/{name}", name, self.show_document, defaults={"name": name}
            )

    def submit(self) -> Response:
        """Submit a job; return 202 with the job."""
        service = self._operations.service
        parent = parse_traceparent(request.headers.get("traceparent", ""))
        with span(f"POST {request.path}", parent=parent, kind="server"):
            self._operations.check_capacity(request.headers.get("Idempotency-Key"))
            job = self._operations.submit(read_submission(service, request))
        response = jsonify(job.to_object())
        response.status_code = 202
        response.headers["Location"] = f"/jobs/{job.id}"
        response.set_etag(job.tag, weak=True)
        return response

    def list_recent(self) -> Response:
        """Return the newest jobs, newest first."""
        limit = request.args.get("limit", DEFAULT_LIMIT, type=int)
        store = self._operations.store
        jobs = store.list_recent(min(max(limit, 1), MAX_LIMIT))
        return jsonify(total=len(store.list_ids()), jobs=[job.to_object() for job in jobs])

    def show(self, job_id: str) -> Response:
        """Return a job; with ``Prefer: wait=N`` wait for a change first."""
        wait_s = min(parse_wait_s(",".join(request.headers.getlist("Prefer"))), MAX_WAIT_S)
        job = wait_for_change(
            lambda: self._operations.get(job_id),
            self._operations.feed,
            job_id,
            request.if_none_match,
            wait_s,
        )
        response = jsonify(job.to_object())
        # Weak: updated_at and smaller progress steps do not change the tag.
        response.set_etag(job.tag, weak=True)
        response.make_conditional(request)
        if wait_s:
            response.headers["Preference-Applied"] = f"wait={wait_s}"
        return response

    def delete(self, job_id: str) -> Response:
        """Cancel or remove a job; return its last state."""
        return jsonify(self._operations.delete(job_id).to_object())

    def download(self, job_id: str) -> Response:
        """Return the file of a completed job, or a range of it.

        ``?format=`` selects another format of the result.
        """
        job = self._operations.get(job_id)
        format_name = self._read_format()
        _require_completed(job)
        self._operations.store.touch(job_id)
        if format_name:
            return self._send_format(job, format_name)
        content = self._operations.artifacts.open_artifact(job_id, job.owner)
        if content is None:
            raise _gone("The file of this job")
        metadata = FileMetadata(
            job.filename or job_id,
            job.media_type or "application/octet-stream",
            job.size_bytes or 0,
            job.sha256 or "",
            job.adler32,
        )
        return send_job_file(request, metadata, content)

    def _read_format(self) -> str | None:
        wanted, formats = request.args.get("format"), self._operations.service.formats
        if wanted is not None and formats and wanted not in formats:
            detail = f"`format` must be one of {', '.join(formats)}."
            raise Problem(422, "invalid_request", detail)
        return wanted if formats else None

    def _send_format(self, job: Job, name: str) -> Response:
        chosen = self._operations.service.formats[name]
        document = self._operations.artifacts.open_document(job.id, job.owner, chosen.document)
        if document is None:
            raise _gone("This format of the result")
        with document:
            content = document.read()
        if chosen.member:
            content = json.loads(content)[chosen.member].encode()
        metadata = FileMetadata(
            str(Path(job.filename or job.id).with_suffix(f".{name}")),
            chosen.media_type,
            len(content),
            sha256(content).hexdigest(),
        )
        return send_job_file(request, metadata, BytesIO(content))

    def show_document(self, job_id: str, name: str) -> Response:
        """Return a JSON document of a job; while the job runs, a partial one."""
        job = self._operations.get(job_id)
        content = None
        if job.status == Status.COMPLETED or not job.is_terminal:
            content = self._operations.artifacts.open_document(job_id, job.owner, name)
        if content is None:
            _require_completed(job)
            raise _gone("This document of the job")
        with content:
            return Response(content.read(), content_type="application/json")


def _require_completed(job: Job) -> None:
    if job.status != Status.COMPLETED:
        detail = f"The job has no result: its status is {job.status}, not completed."
        raise Problem(409, "not_completed", detail, retryable=not job.is_terminal)


def _gone(what: str) -> Problem:
    return Problem(410, "artifact_gone", f"{what} was removed; submit the job again.")
