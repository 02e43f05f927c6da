"""``Idempotency-Key`` on requests that create jobs or batches."""

import hashlib
from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import ParamSpec

from flask import Response, make_response, request
from flask.typing import ResponseReturnValue

from orchestrator.errors import InvalidRequestError
from orchestrator.store.replies import KeyClaim, Reply
from web.documentation.responses import RequestHeader
from web.http.context import caller, current_request, reply_store
from web.http.uploads import fingerprint_form

__all__ = ["IDEMPOTENCY_KEY", "idempotent"]

_MAX_KEY_CHARS = 255

IDEMPOTENCY_KEY = RequestHeader(
    "Idempotency-Key",
    "A unique value of your own, such as a UUID. A repeated request with the same key returns the "
    "first response and creates nothing.",
    {"type": "string", "minLength": 1, "maxLength": _MAX_KEY_CHARS},
)
Parameters = ParamSpec("Parameters")
View = Callable[Parameters, ResponseReturnValue]


def idempotent(view: View[Parameters]) -> View[Parameters]:
    """Run a view once per ``Idempotency-Key`` and replay its response afterwards.

    Requests without the header always run. An error response releases the key.
    """

    @wraps(view)
    def wrapper(*args: Parameters.args, **kwargs: Parameters.kwargs) -> ResponseReturnValue:
        given = request.headers.get("Idempotency-Key")
        if given is None:
            return view(*args, **kwargs)
        if not 0 < len(given) <= _MAX_KEY_CHARS:
            detail = (
                f"Idempotency-Key must have 1 to {_MAX_KEY_CHARS} characters (got {len(given)})"
            )
            limit = str(_MAX_KEY_CHARS)
            raise InvalidRequestError(detail, "key_length", "header:Idempotency-Key", limit)
        found = reply_store().begin(_scope_key(given), _fingerprint_request())
        if isinstance(found, Reply):
            return _to_response(found)
        return _run_once(found, lambda: make_response(view(*args, **kwargs)))

    return wrapper


def _run_once(claim: KeyClaim, run: Callable[[], Response]) -> Response:
    replies = reply_store()
    # The job id follows from the key, so a repeat after a lost response creates no second job.
    digest = hashlib.sha256(f"{claim.key}{claim.fingerprint}".encode()).hexdigest()
    current_request().chosen_job_id = digest[:16]
    is_kept = False
    try:
        with replies.holding(claim):
            response = run()
        if response.status_code < HTTPStatus.BAD_REQUEST:
            location = response.headers.get("Location", "")
            reply = Reply(response.status_code, location, response.get_data(as_text=True))
            is_kept = replies.keep(claim, reply)
    finally:
        if not is_kept:
            replies.forget(claim)
    return response


def _scope_key(key: str) -> str:
    """Return a digest of the caller, the path and the key; callers cannot share keys."""
    return hashlib.sha256(f"{caller().owner}\n{request.path}\n{key}".encode()).hexdigest()


def _fingerprint_request() -> str:
    """Return a digest of the query and the body; this reads an uploaded file to its end."""
    is_form = request.mimetype == "multipart/form-data"
    body = fingerprint_form() if is_form else request.get_data()
    return hashlib.sha256(request.query_string + b"\n" + body).hexdigest()


def _to_response(reply: Reply) -> Response:
    response = Response(reply.body, reply.status, content_type="application/json")
    if reply.location:
        response.headers["Location"] = reply.location
    return response
