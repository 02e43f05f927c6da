"""Error responses as problem details (RFC 9457), with the table from error class to status."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote

from flask import Flask, Response, json
from flask_pydantic.exceptions import ValidationError
from gunicorn.http.errors import ParseException
from werkzeug.exceptions import HTTPException

from orchestrator.errors import (
    ArtifactGoneError,
    BatchNotFoundError,
    DeliveryNotFoundError,
    FileTooLargeError,
    IllegalTransitionError,
    InvalidRequestError,
    JobNotFoundError,
    KeyInUseError,
    NoAudioError,
    NotAllowedError,
    NotAuthenticatedError,
    NotCompletedError,
    OrchestratorError,
    QueueFullError,
    ServiceOverloadedError,
    ServiceUnavailableError,
    StoreUnavailableError,
)
from orchestrator.telemetry.log import LOGGER
from web.http.context import current_request
from web.http.headers import request_id
from web.http.messages import language, translate

__all__ = ["json_pointer", "problem_response", "register_errors", "status_headers"]

_STATUS: Final[Mapping[type[OrchestratorError], HTTPStatus]] = {
    KeyInUseError: HTTPStatus.CONFLICT,
    FileTooLargeError: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    InvalidRequestError: HTTPStatus.UNPROCESSABLE_ENTITY,
    BatchNotFoundError: HTTPStatus.NOT_FOUND,
    JobNotFoundError: HTTPStatus.NOT_FOUND,
    DeliveryNotFoundError: HTTPStatus.NOT_FOUND,
    NoAudioError: HTTPStatus.NOT_FOUND,
    IllegalTransitionError: HTTPStatus.CONFLICT,
    NotCompletedError: HTTPStatus.CONFLICT,
    ArtifactGoneError: HTTPStatus.GONE,
    NotAuthenticatedError: HTTPStatus.UNAUTHORIZED,
    NotAllowedError: HTTPStatus.FORBIDDEN,
    QueueFullError: HTTPStatus.TOO_MANY_REQUESTS,
    ServiceOverloadedError: HTTPStatus.SERVICE_UNAVAILABLE,
    ServiceUnavailableError: HTTPStatus.SERVICE_UNAVAILABLE,
    StoreUnavailableError: HTTPStatus.SERVICE_UNAVAILABLE,
}
# `HTTPStatus.phrase` changes between Python versions.
_CODES: Final[Mapping[int, str]] = {
    400: "bad_request",
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    413: "request_entity_too_large",
    415: "unsupported_media_type",
    500: "internal",
}
_HEADERS: Final[Mapping[int, Mapping[str, str]]] = {
    HTTPStatus.UNAUTHORIZED: {"WWW-Authenticate": 'Bearer realm="ytcaption"'},
    HTTPStatus.TOO_MANY_REQUESTS: {"Retry-After": "30"},  # by then a job may have completed
    HTTPStatus.SERVICE_UNAVAILABLE: {"Retry-After": "5"},  # Redis is usually back by then
}


def status_headers(status: int) -> dict[str, str]:
    """Return the headers that belong to a status, for example ``Retry-After``."""
    return dict(_HEADERS.get(status, {}))


def problem_response(
    status: int,
    code: str,
    detail: str,
    errors: Sequence[Mapping[str, str]] = (),
    facts: Mapping[str, object] | None = None,
    key: str = "",
) -> Response:
    """Return a problem+json response in the caller's language.

    Args:
        status: The HTTP status.
        code: The stable error code.
        detail: The English text: what is wrong, with which value, and what to do.
        errors: The ``pointer`` and ``detail`` of each invalid part.
        facts: Values for the placeholders of the translation. A tuple named ``available`` is
            returned in the body as the accepted values.
        key: The key of the translation; by default ``error.{code}``.
    """
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": translate(f"title.{int(status)}", HTTPStatus(status).phrase),
        "status": status,
        "code": code,
        "detail": translate(key or f"error.{code}", detail, **(facts or {})),
    }
    if errors:
        body["errors"] = list(errors)
    available = (facts or {}).get("available")
    if isinstance(available, tuple):
        body["available"] = list(available)
    body["request_id"] = request_id()
    response = Response(json.dumps(body), status, content_type="application/problem+json")
    response.headers.update(status_headers(status))
    response.headers["Content-Language"] = language()
    response.vary.add("Accept-Language")
    return response


def json_pointer(*location: str | int) -> str:
    """Return a JSON Pointer into the body, as a URI fragment (RFC 6901, section 6)."""
    parts = (str(part).replace("~", "~0").replace("/", "~1") for part in location)
    return "#" + quote("".join(f"/{part}" for part in parts), safe="/~!$&'()*+,;=:@?-._")


def register_errors(app: Flask) -> None:
    """Answer every error of an app with problem+json and without a stack trace."""
    app.register_error_handler(OrchestratorError, _handle_orchestrator_error)
    app.register_error_handler(ValidationError, _handle_validation_error)
    app.register_error_handler(HTTPException, _handle_http_error)
    app.register_error_handler(ParseException, _handle_broken_chunk)
    app.register_error_handler(Exception, _handle_unexpected_error)


def _handle_orchestrator_error(error: OrchestratorError) -> Response:
    for kind, status in _STATUS.items():
        if isinstance(error, kind):
            key, facts, faults = f"error.{type(error).code}", vars(error), []
            if isinstance(error, InvalidRequestError):
                key = f"{key}.{error.reason}" if error.reason else key
                if error.pointer:
                    detail = translate(key, str(error), **facts)
                    faults = [{"pointer": error.pointer, "detail": detail}]
            return problem_response(status, error.code, str(error), faults, facts, key)
    return _handle_unexpected_error(error)


def _handle_validation_error(error: ValidationError) -> Response:
    bodies = (*(error.body_params or ()), *(error.form_params or ()))
    faults = [
        {"pointer": json_pointer(*_location(fault)), "detail": _describe_fault(fault)}
        for fault in bodies
    ] + [
        {"pointer": f"query:{next(iter(_location(fault)), '')}", "detail": _describe_fault(fault)}
        for fault in error.query_params or ()
    ]
    detail = "; ".join(f"{fault['pointer']}: {fault['detail']}" for fault in faults)
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    return problem_response(status, "invalid_request", detail or "The request is invalid", faults)


def _location(fault: Mapping[str, Any]) -> Sequence[str | int]:
    """Return the location of a fault, without the ``[key]`` that pydantic appends for a key."""
    location: Sequence[str | int] = fault["loc"]
    return location[:-1] if location and location[-1] == "[key]" else location


def _describe_fault(fault: Mapping[str, Any]) -> str:
    """Return the text of a fault, translated if its pydantic error type is in the catalogue."""
    english = str(fault["msg"]).removeprefix("Value error, ")
    facts = {name: _strip_conjunction(value) for name, value in fault.get("ctx", {}).items()}
    return translate(f"fault.{fault['type']}", english, **facts)


def _strip_conjunction(value: object) -> object:
    """Replace the English "or" in pydantic's list of choices, ``'a', 'b' or 'c'``."""
    return value.replace("' or '", "', '") if isinstance(value, str) else value


def _handle_http_error(error: HTTPException) -> Response:
    status = error.code or HTTPStatus.INTERNAL_SERVER_ERROR
    code = _CODES.get(status) or HTTPStatus(status).phrase.lower().replace(" ", "_")
    response = problem_response(status, code, error.description or HTTPStatus(status).phrase)
    for name, value in error.get_headers():
        if name.lower() not in {"content-type", "content-length"}:
            response.headers[name] = value
    return response


def _handle_broken_chunk(_error: ParseException) -> Response:
    """Answer a request whose chunked body gunicorn cannot decode."""
    return problem_response(
        HTTPStatus.BAD_REQUEST, "bad_request", "The chunked encoding of the body is malformed"
    )


def _handle_unexpected_error(error: Exception) -> Response:
    request = current_request()
    LOGGER.error(
        "Unhandled error: method=%s route=%s; answering 500",
        request.method,
        request.url_rule,
        exc_info=error,
    )
    return problem_response(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        "internal",
        "An unexpected error occurred; quote the `request_id` when you report it",
    )
