"""Errors as answers: the one table from class to status, all in problem+json (RFC 9457)."""

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
from web.http.headers import request_id
from web.http.messages import language, say

__all__ = ["headers_of", "pointer_to", "problem", "register_errors"]

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
# Python's own phrases change from version to version.
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
    HTTPStatus.TOO_MANY_REQUESTS: {"Retry-After": "30"},  # a job may have ended by then
    HTTPStatus.SERVICE_UNAVAILABLE: {"Retry-After": "5"},  # Redis is usually back by then
}


def headers_of(status: int) -> dict[str, str]:
    """Return the headers that an answer of this status carries, e.g. when to come back."""
    return dict(_HEADERS.get(status, {}))


def problem(
    status: int,
    code: str,
    detail: str,
    errors: Sequence[Mapping[str, str]] = (),
    facts: Mapping[str, object] | None = None,
    key: str = "",
) -> Response:
    """Return an error as problem+json, in the caller's language.

    Args:
        status: The HTTP status.
        code: A stable word for programs.
        detail: One sentence for a person, in English.
        errors: What is at fault, where it can be named: ``pointer`` and ``detail`` of each.
        facts: What the catalogues' text has places for; ``available``, what could be asked for
            instead, is shown as it is.
        key: The name of that text; ``error.{code}`` where left out.
    """
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": say(f"title.{int(status)}", HTTPStatus(status).phrase),
        "status": status,
        "code": code,
        "detail": say(key or f"error.{code}", detail, **(facts or {})),
    }
    if errors:
        body["errors"] = list(errors)
    available = (facts or {}).get("available")
    if isinstance(available, tuple):
        body["available"] = list(available)
    body["request_id"] = request_id()
    response = Response(json.dumps(body), status, content_type="application/problem+json")
    response.headers.update(headers_of(status))
    response.headers["Content-Language"] = language()
    response.vary.add("Accept-Language")
    return response


def pointer_to(*location: str | int) -> str:
    """Return a pointer into the body: a JSON pointer as a URI fragment (RFC 6901, section 6)."""
    parts = (str(part).replace("~", "~0").replace("/", "~1") for part in location)
    return "#" + quote("".join(f"/{part}" for part in parts), safe="/~!$&'()*+,;=:@?-._")


def register_errors(app: Flask) -> None:
    """Have every error of this app answered as problem+json; none shows a stack trace."""
    app.register_error_handler(OrchestratorError, _answer_error)
    app.register_error_handler(ValidationError, _answer_invalid)
    app.register_error_handler(HTTPException, _answer_http)
    app.register_error_handler(ParseException, _answer_broken_body)
    app.register_error_handler(Exception, _answer_unexpected)


def _answer_error(error: OrchestratorError) -> Response:
    for kind, status in _STATUS.items():
        if isinstance(error, kind):
            key, facts, faults = f"error.{type(error).code}", vars(error), []
            if isinstance(error, InvalidRequestError):
                key = f"{key}.{error.reason}" if error.reason else key
                if error.pointer:
                    detail = say(key, str(error), **facts)
                    faults = [{"pointer": error.pointer, "detail": detail}]
            return problem(status, error.code, str(error), faults, facts, key)
    return _answer_unexpected(error)


def _answer_invalid(error: ValidationError) -> Response:
    bodies = (*(error.body_params or ()), *(error.form_params or ()))
    faults = [
        {"pointer": pointer_to(*_place(fault)), "detail": _describe(fault)} for fault in bodies
    ] + [
        {"pointer": f"query:{next(iter(_place(fault)), '')}", "detail": _describe(fault)}
        for fault in error.query_params or ()
    ]
    detail = "; ".join(f"{fault['pointer']}: {fault['detail']}" for fault in faults)
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    return problem(status, "invalid_request", detail or "The request is not valid", faults)


def _place(fault: Mapping[str, Any]) -> Sequence[str | int]:
    """Return where a fault is; pydantic ends the place of a key of an object with ``[key]``."""
    place: Sequence[str | int] = fault["loc"]
    return place[:-1] if place and place[-1] == "[key]" else place


def _describe(fault: Mapping[str, Any]) -> str:
    """Return what is wrong, in the caller's language where pydantic's kind of fault is known."""
    english = str(fault["msg"]).removeprefix("Value error, ")
    facts = {name: _without_words(value) for name, value in fault.get("ctx", {}).items()}
    return say(f"fault.{fault['type']}", english, **facts)


def _without_words(fact: object) -> object:
    """Return a fact without pydantic's English: it lists choices as ``'a', 'b' or 'c'``."""
    return fact.replace("' or '", "', '") if isinstance(fact, str) else fact


def _answer_http(error: HTTPException) -> Response:
    status = error.code or HTTPStatus.INTERNAL_SERVER_ERROR
    code = _CODES.get(status) or HTTPStatus(status).phrase.lower().replace(" ", "_")
    answer = problem(status, code, error.description or HTTPStatus(status).phrase)
    for name, value in error.get_headers():
        if name.lower() not in {"content-type", "content-length"}:
            answer.headers[name] = value
    return answer


def _answer_broken_body(_error: ParseException) -> Response:
    """Answer for a chunked body that gunicorn cannot decode."""
    return problem(HTTPStatus.BAD_REQUEST, "bad_request", "The body is not validly chunked")


def _answer_unexpected(error: Exception) -> Response:
    LOGGER.error("A request failed", exc_info=error)
    return problem(HTTPStatus.INTERNAL_SERVER_ERROR, "internal", "Something went wrong here")
