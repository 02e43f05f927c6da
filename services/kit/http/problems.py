"""Error responses: ``application/problem+json`` (RFC 9457) with a stable code."""

import logging
from collections.abc import Mapping
from errno import ENOSPC
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, json
from kombu.exceptions import OperationalError
from pydantic import ValidationError
from redis.exceptions import RedisError
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from services.kit.work import WorkError

_log = logging.getLogger(__name__)

RETRY_AFTER_S = 5
"""A free slot in the queue, or Redis after an outage, is available within seconds."""

_CODES = {404: "not_found", 413: "file_too_large", 500: "internal"}


class Problem(Exception):  # noqa: N818 - the name in RFC 9457
    """An error response.

    Args:
        status_code: HTTP status.
        code: Stable code for programs.
        detail: One sentence for people.
        retryable: Whether the same request may succeed later.
        more: Additional members of the body.
    """

    def __init__(
        self, status_code: int, code: str, detail: str, *, retryable: bool = False, **more: Any
    ) -> None:
        super().__init__(status_code, code, detail)
        self.status_code = status_code
        self.code = code
        self.detail = detail
        self.retryable = retryable
        self.more = more

    def to_response(self) -> Response:
        """Return the response."""
        body = {
            "type": "about:blank",
            "title": HTTPStatus(self.status_code).phrase,
            "status": self.status_code,
            "detail": self.detail,
            "code": self.code,
            "retryable": self.retryable,
            **self.more,
        }
        response = Response(
            json.dumps(body), status=self.status_code, content_type="application/problem+json"
        )
        if self.status_code in {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}:
            response.headers["Retry-After"] = str(RETRY_AFTER_S)
        return response


def unknown_job(job_id: str) -> Problem:
    """Return the problem of a job that does not exist."""
    return Problem(
        404, "not_found", f"Job {job_id} does not exist; it may have expired or been deleted."
    )


def install_problems(app: Flask) -> None:
    """Register the error handlers of an application."""
    app.register_error_handler(Problem, Problem.to_response)
    app.register_error_handler(HTTPException, _answer_http_error)
    app.register_error_handler(WorkError, _answer_work_error)
    app.register_error_handler(ValidationError, _answer_invalid)
    app.register_error_handler(RedisError, _answer_unavailable)
    app.register_error_handler(OperationalError, _answer_unavailable)
    app.register_error_handler(OSError, _answer_system_error)


def _answer_http_error(error: HTTPException) -> Response:
    if isinstance(error, RequestEntityTooLarge):
        detail = (
            "The file exceeds the limit of this service (MAX_FILE_SIZE_MB); send a smaller one."
        )
    else:
        detail = error.description or "The request failed."
    status_code = error.code or HTTPStatus.INTERNAL_SERVER_ERROR
    code = _CODES.get(status_code, "invalid_request")
    is_ours = status_code >= HTTPStatus.INTERNAL_SERVER_ERROR
    response = Problem(status_code, code, detail, retryable=is_ours).to_response()
    for name, value in error.get_headers():
        if name not in {"Content-Type", "Content-Length"}:  # e.g. Allow, Content-Range
            response.headers[name] = value
    return response


def _answer_work_error(error: WorkError) -> Response:
    return Problem(422, error.code, error.message, retryable=error.retryable).to_response()


def _answer_invalid(error: ValidationError) -> Response:
    errors = [_describe(entry) for entry in error.errors(include_url=False, include_context=False)]
    detail = "; ".join(f"{entry['pointer']}: {entry['detail']}" for entry in errors)
    return Problem(422, "invalid_request", detail, errors=errors).to_response()


def _describe(error: Mapping[str, Any]) -> dict[str, str]:
    pointer = "/" + "/".join(str(part) for part in error["loc"])
    return {"pointer": pointer, "detail": error["msg"]}


def _answer_unavailable(error: Exception) -> Response:
    _log.warning("Redis is unavailable; answering 503: %s", error)
    detail = "Redis is unavailable; retry after `Retry-After` seconds."
    problem = Problem(503, "unavailable", detail, retryable=True)
    return problem.to_response()


def _answer_system_error(error: OSError) -> Response:
    if error.errno == ENOSPC:
        _log.error("The disk is full: %s", error)
        return Problem(
            507, "disk_low", "The disk of the service is full; try again later.", retryable=True
        ).to_response()
    _log.error("Request failed unexpectedly; answering 500", exc_info=error)
    detail = "The service failed unexpectedly; try again, and report it if it fails again."
    return Problem(500, "internal", detail, retryable=True).to_response()
