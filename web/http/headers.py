"""What every answer carries: the request's id, security headers, and CORS where it is allowed."""

import re
import secrets
from contextlib import AbstractContextManager, ExitStack
from typing import Final

from flask import Flask, Response, request
from werkzeug.middleware.proxy_fix import ProxyFix

from foundation import tracing
from foundation.log_lines import bound
from orchestrator.domain.job import Origin
from orchestrator.settings import Settings
from web.http.context import ApiRequest, present

__all__ = ["origin", "register_hygiene", "request_id"]

_SANE_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")
_HEADERS: Final = (
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    # Answers are data: a browser that shows one loads nothing and is framed by nobody.
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
    # Answers differ by key; caches that are shared must not keep them.
    ("Cache-Control", "private, no-cache"),
)
_EXPOSED: Final = (
    "Content-Disposition, Content-Range, ETag, Location, Preference-Applied, RateLimit, "
    "RateLimit-Policy, Retry-After, X-Request-ID"
)
_ACCEPTED: Final = (
    "Accept, Accept-Language, Authorization, Content-Type, Idempotency-Key, If-None-Match, "
    "If-Range, Last-Event-ID, Prefer, Range, X-API-Key, X-Request-ID"
)
_READING: Final = frozenset({"GET", "HEAD", "OPTIONS"})  # those who wait and poll: no traces
_PREFLIGHT_S: Final = 7200  # as long as browsers keep a preflight's answer at most


def register_hygiene(app: Flask, settings: Settings) -> None:
    """Have every answer of this app carry what it should; before all other hooks."""
    proxies = settings.trusted_proxies
    if proxies:
        fixed = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=proxies, x_host=proxies)
        app.wsgi_app = fixed  # type: ignore[method-assign]  # how Flask's documentation does it
    app.before_request(_name_request)
    app.after_request(_add_headers)
    app.teardown_request(_forget_request)
    if settings.cors_origins:
        app.after_request(lambda response: _share(response, settings.cors_origins))


def request_id() -> str:
    """Return the id of the present request."""
    return present().request_id


def _name_request() -> None:
    """Give the present request an id: its own where that is harmless, else a new one."""
    asked = present()
    given = asked.headers.get("X-Request-ID", "")
    asked.request_id = given if _SANE_ID.fullmatch(given) else secrets.token_hex(8)
    asked.context = ExitStack()
    asked.context.enter_context(bound(request_id=asked.request_id))
    if asked.method not in _READING:
        asked.context.enter_context(_span(asked))


def origin() -> Origin:
    """Return what the present request is known by, for the job that comes of it."""
    return Origin(request_id(), tracing.traceparent())


def _span(asked: ApiRequest) -> AbstractContextManager[None]:
    """Return the span that all work on the request's job belongs below."""
    route = str(asked.url_rule or "elsewhere")
    return tracing.span(
        f"{asked.method} {route}",
        parent=tracing.parse_traceparent(asked.headers.get("traceparent", "")),
        kind="server",
        attributes={
            "http.request.method": asked.method,
            "http.route": route,
            "request_id": asked.request_id,
        },
    )


def _forget_request(_error: BaseException | None) -> None:
    context = present().context
    if context is not None:
        context.close()


def _add_headers(response: Response) -> Response:
    tracing.set_attributes({"http.response.status_code": response.status_code})
    given = {name.lower() for name, _ in response.headers}
    missing = [(name, value) for name, value in _HEADERS if name.lower() not in given]
    response.headers.extend([("X-Request-ID", request_id()), *missing])
    return response


def _share(response: Response, origins: frozenset[str]) -> Response:
    """Let pages of other origins read the answer; without cookies, since there are none."""
    response.vary.add("Origin")
    origin = request.headers.get("Origin")
    if not origin or not origins & {origin.lower(), "*"}:
        return response
    response.headers["Access-Control-Allow-Origin"] = origin
    response.headers["Access-Control-Expose-Headers"] = _EXPOSED
    if request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers:
        response.headers["Access-Control-Allow-Methods"] = response.headers.get("Allow", "")
        response.headers["Access-Control-Allow-Headers"] = _ACCEPTED
        response.headers["Access-Control-Max-Age"] = str(_PREFLIGHT_S)
    return response
