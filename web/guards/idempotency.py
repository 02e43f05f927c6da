"""``Idempotency-Key`` on requests that create something."""

import hashlib
from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import ParamSpec

from flask import Response, make_response, request
from flask.typing import ResponseReturnValue

from orchestrator.errors import InvalidRequestError
from orchestrator.store.replies import Claim, Reply
from web.documentation.responses import Header
from web.http.context import caller, present, reply_store
from web.http.uploads import describe_form

__all__ = ["IDEMPOTENCY_KEY", "idempotent"]

_LONGEST_KEY = 255

IDEMPOTENCY_KEY = Header(
    "Idempotency-Key",
    "Your own name for this request: sent again, it gets the same answer.",
    {"type": "string", "minLength": 1, "maxLength": _LONGEST_KEY},
)
Parameters = ParamSpec("Parameters")
View = Callable[Parameters, ResponseReturnValue]


def idempotent(view: View[Parameters]) -> View[Parameters]:
    """Have a view do the same request once, and answer it the same way every time.

    A request without the header is simply done. An answer that is an error frees the key.
    """

    @wraps(view)
    def answered(*args: Parameters.args, **kwargs: Parameters.kwargs) -> ResponseReturnValue:
        given = request.headers.get("Idempotency-Key")
        if given is None:
            return view(*args, **kwargs)
        if not 0 < len(given) <= _LONGEST_KEY:
            detail = f"Idempotency-Key must have 1 to {_LONGEST_KEY} characters"
            limit = str(_LONGEST_KEY)
            raise InvalidRequestError(detail, "key_length", "header:Idempotency-Key", limit)
        found = reply_store().begin(_scoped(given), _fingerprint())
        if isinstance(found, Reply):
            return _as_response(found)
        return _done_once(found, lambda: make_response(view(*args, **kwargs)))

    return answered


def _done_once(claim: Claim, do: Callable[[], Response]) -> Response:
    replies = reply_store()
    # Even a request whose answer was lost makes no second job: to store it again changes nothing.
    name = hashlib.sha256(f"{claim.key}{claim.fingerprint}".encode()).hexdigest()
    present().chosen_job_id = name[:16]
    is_kept = False
    try:
        with replies.holding(claim):
            response = do()
        if response.status_code < HTTPStatus.BAD_REQUEST:
            location = response.headers.get("Location", "")
            reply = Reply(response.status_code, location, response.get_data(as_text=True))
            is_kept = replies.keep(claim, reply)
    finally:
        if not is_kept:
            replies.forget(claim)
    return response


def _scoped(key: str) -> str:
    """Return the key with the path and the caller's name, so that no two callers meet."""
    return hashlib.sha256(f"{caller().owner}\n{request.path}\n{key}".encode()).hexdigest()


def _fingerprint() -> str:
    """Return a digest of what is asked; a form is received for it, which may take a while."""
    is_form = request.mimetype == "multipart/form-data"
    asked = describe_form() if is_form else request.get_data()
    return hashlib.sha256(request.query_string + b"\n" + asked).hexdigest()


def _as_response(reply: Reply) -> Response:
    response = Response(reply.body, reply.status, content_type="application/json")
    if reply.location:
        response.headers["Location"] = reply.location
    return response
