"""Authentication and authorization of every request, before its route is called.

The required scope follows from the method and the path, and a path with a job id requires access
to that job. A new route is therefore protected without code of its own.
"""

from collections.abc import Sequence
from functools import lru_cache
from secrets import compare_digest
from typing import Final

from flask import Flask

from orchestrator.domain.access import ApiKey, Caller, Scope, check_keys, find_key
from orchestrator.errors import (
    BatchNotFoundError,
    JobNotFoundError,
    NotAllowedError,
    NotAuthenticatedError,
)
from orchestrator.settings import Settings
from orchestrator.telemetry.log import LOGGER
from web.guards.lockout import lockout
from web.http.context import ApiRequest, batches, current_request, requested_job
from web.http.messages import translate

__all__ = [
    "METRICS_PATH",
    "READ_METHODS",
    "check_api_keys",
    "check_job_id",
    "check_owner",
    "register_access",
    "required_scope",
    "security_warnings",
]

_PUBLIC: Final = ("/", "/ui", "/health", "/openapi.json", "/docs")
METRICS_PATH: Final = "/metrics"
_ADMIN: Final = ("/admin", METRICS_PATH)
READ_METHODS: Final = frozenset({"GET", "HEAD"})
_MAX_ADDRESS_CHARS: Final = 64
_KEY_REQUIRED: Final = (
    "This API requires a key; send it as `Authorization: Bearer <key>` or `X-API-Key: <key>`"
)
_OPEN: Final = "API_KEYS is not set: every client that can reach this API has full access"


def register_access(app: Flask, settings: Settings) -> None:
    """Authenticate every request."""
    app.before_request(lambda: _authenticate(settings))


@lru_cache(maxsize=256)  # exceeds the number of routes
def required_scope(method: str, path: str) -> Scope | None:
    """Return the scope that a request requires; ``None`` for public routes.

    Args:
        method: The HTTP method.
        path: The rule of the route, such as ``/jobs/<job_id>``.
    """
    if method == "OPTIONS" or _is_below(path, *_PUBLIC):
        return None
    if _is_below(path, *_ADMIN):
        return Scope.ADMIN
    return Scope.READ if method in READ_METHODS else Scope.SUBMIT


def _authenticate(settings: Settings) -> None:
    """Identify the caller and check its scope.

    Raises:
        LockedOutError: The client IP address sent too many invalid keys; the key is not checked.
        StoreUnavailableError: Redis, which counts the invalid keys, is unreachable.
        NotAuthenticatedError: The key is missing or unknown.
        NotAllowedError: The key lacks the required scope.
    """
    request = current_request()
    rule = request.url_rule
    address = (request.remote_addr or "unknown")[:_MAX_ADDRESS_CHARS]
    request.caller = Caller(address)
    request.scope = required_scope(request.method, rule.rule) if rule else None
    if request.scope is None or not settings.api_keys or _has_metrics_token(request, settings):
        return
    request.caller = Caller(address, _authenticate_key(request, settings.api_keys))
    if not request.caller.may(request.scope):
        raise NotAllowedError(request.scope)


def check_job_id() -> None:
    """Reject job ids with a colon, which would address the Redis keys of a job's parts.

    Raises:
        JobNotFoundError: The id contains a colon.
    """
    job_id = (current_request().view_args or {}).get("job_id", "")
    if ":" in job_id:
        raise JobNotFoundError(job_id)


def check_owner() -> None:
    """Report jobs and batches of other callers as not found.

    Raises:
        JobNotFoundError: The job belongs to another caller.
        BatchNotFoundError: The batch belongs to another caller.
    """
    request = current_request()
    owner = request.caller.sees_only
    if owner is None or not request.view_args:
        return
    job_id, batch_id = request.view_args.get("job_id"), request.view_args.get("batch_id")
    if job_id is not None and requested_job(job_id).request.owner != owner:
        raise JobNotFoundError(job_id)
    if batch_id is not None and batches().owner(batch_id) != owner:
        raise BatchNotFoundError(batch_id)


def check_api_keys(settings: Settings) -> None:
    """Log a warning if the API has no keys.

    Raises:
        SettingsError: There are no keys and ``ENVIRONMENT`` is ``production``.
    """
    check_keys(settings.api_keys, settings.environment)
    if not settings.api_keys:
        LOGGER.warning(_OPEN)


def security_warnings(settings: Settings) -> list[str]:
    """Return warnings about insecure settings, in the caller's language."""
    return [] if settings.api_keys else [translate("warning.open", _OPEN)]


def _authenticate_key(request: ApiRequest, keys: Sequence[ApiKey]) -> ApiKey:
    """Return the API key that the request presents."""
    presented = _presented_key(request)
    if presented is None:
        raise NotAuthenticatedError(_KEY_REQUIRED)
    lockout().check(request.caller.address)
    key = find_key(keys, presented)
    if key is None:
        lockout().record_failure(request.caller.address)
        raise NotAuthenticatedError("This API key is unknown; check it, or ask for a new one")
    return key


def _has_metrics_token(request: ApiRequest, settings: Settings) -> bool:
    """Whether the request is for ``/metrics`` and presents ``METRICS_TOKEN``."""
    if request.url_rule is None or request.url_rule.rule != METRICS_PATH:
        return False
    token, presented = settings.metrics_token, _presented_key(request)
    if token is None or presented is None:
        return False
    return compare_digest(presented.encode(), token.get_secret_value().encode())


def _presented_key(request: ApiRequest) -> str | None:
    authorization = request.authorization
    if authorization and authorization.type == "bearer" and authorization.token:
        return authorization.token
    return request.headers.get("X-API-Key")


def _is_below(path: str, *parents: str) -> bool:
    return any(path == parent or path.startswith(f"{parent}/") for parent in parents)
