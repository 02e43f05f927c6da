"""Headers of every response: request id, security headers and CORS."""

import re
import secrets
from contextlib import AbstractContextManager, ExitStack
from typing import Final

from flask import Flask, Response
from werkzeug.middleware.proxy_fix import ProxyFix

from foundation import tracing
from foundation.log_lines import bound
from orchestrator.domain.job import Origin
from orchestrator.settings import Settings
from web.http.context import ApiRequest, current_request

__all__ = ["job_origin", "register_headers", "request_id"]

_VALID_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")
_HEADERS: Final = (
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    # Responses are data: a browser that displays one must load nothing and not be framed.
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
    # Responses depend on the API key, so shared caches must not store them.
    ("Cache-Control", "private, no-cache"),
)
_CORS_EXPOSED_HEADERS: Final = (
    "Content-Disposition, Content-Range, ETag, Location, Preference-Applied, RateLimit, "
    "RateLimit-Policy, Retry-After, X-Request-ID"
)
_CORS_ALLOWED_HEADERS: Final = (
    "Accept, Accept-Language, Authorization, Content-Type, Idempotency-Key, If-None-Match, "
    "If-Range, Last-Event-ID, Prefer, Range, X-API-Key, X-Request-ID"
)
_UNTRACED_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})  # polling would flood the traces
_PREFLIGHT_MAX_AGE_S: Final = 7200  # the most that Chromium accepts


def register_headers(app: Flask, settings: Settings) -> None:
    """Add the hooks that set headers; call this before other hooks are registered."""
    proxies = settings.trusted_proxies
    if proxies:
        fixed = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=proxies, x_host=proxies)
        app.wsgi_app = fixed  # type: ignore[method-assign]  # as in Flask's documentation
    app.before_request(_assign_request_id)
    app.after_request(_add_headers)
    app.teardown_request(_close_context)
    if settings.cors_origins:
        app.after_request(lambda response: _add_cors_headers(response, settings.cors_origins))


def request_id() -> str:
    """Return the id of the current request."""
    return current_request().request_id


def _assign_request_id() -> None:
    """Use the client's ``X-Request-ID`` if it is valid, otherwise generate one."""
    request = current_request()
    given = request.headers.get("X-Request-ID", "")
    request.request_id = given if _VALID_ID.fullmatch(given) else secrets.token_hex(8)
    request.context = ExitStack()
    request.context.enter_context(bound(request_id=request.request_id))
    if request.method not in _UNTRACED_METHODS:
        request.context.enter_context(_span(request))


def job_origin() -> Origin:
    """Return the request id and trace context to store with a new job."""
    return Origin(request_id(), tracing.traceparent())


def _span(request: ApiRequest) -> AbstractContextManager[None]:
    """Open the server span that is the parent of all work on the job."""
    route = str(request.url_rule or "unmatched")
    return tracing.span(
        f"{request.method} {route}",
        parent=tracing.parse_traceparent(request.headers.get("traceparent", "")),
        kind="server",
        attributes={
            "http.request.method": request.method,
            "http.route": route,
            "request_id": request.request_id,
        },
    )


def _close_context(_error: BaseException | None) -> None:
    context = current_request().context
    if context is not None:
        context.close()


def _add_headers(response: Response) -> Response:
    tracing.set_attributes({"http.response.status_code": response.status_code})
    given = {name.lower() for name, _ in response.headers}
    missing = [(name, value) for name, value in _HEADERS if name.lower() not in given]
    response.headers.extend([("X-Request-ID", request_id()), *missing])
    return response


def _add_cors_headers(response: Response, origins: frozenset[str]) -> Response:
    """Allow pages of the configured origins to read the response, without credentials."""
    request = current_request()
    response.vary.add("Origin")
    origin = request.headers.get("Origin")
    if not origin or not origins & {origin.lower(), "*"}:
        return response
    response.headers["Access-Control-Allow-Origin"] = origin
    response.headers["Access-Control-Expose-Headers"] = _CORS_EXPOSED_HEADERS
    if request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers:
        response.headers["Access-Control-Allow-Methods"] = response.headers.get("Allow", "")
        response.headers["Access-Control-Allow-Headers"] = _CORS_ALLOWED_HEADERS
        response.headers["Access-Control-Max-Age"] = str(_PREFLIGHT_MAX_AGE_S)
    return response
