"""Who asks, and whether it may: checked for every request before its route is called.

A route needs no word of its own for this. What it needs follows from its method and its path, and
a path that names a job is answered only to those who may see that job, so a new route is safe
before anybody thinks of it.
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
from web.http.context import ApiRequest, asked_job, batches, present
from web.http.messages import say

__all__ = [
    "METRICS",
    "READING",
    "check_id",
    "check_owner",
    "needed_scope",
    "refuse_or_warn",
    "register_access",
    "warnings",
]

_PUBLIC: Final = ("/", "/ui", "/health", "/openapi.json", "/docs")
METRICS: Final = "/metrics"
_ADMIN: Final = ("/admin", METRICS)
READING: Final = frozenset({"GET", "HEAD"})
_LONGEST_ADDRESS: Final = 64
_KEY_NEEDED: Final = "An API key is needed: send it as `Authorization: Bearer` or `X-API-Key`"
_OPEN: Final = "API_KEYS is not set: everybody who reaches this API may do everything"


def register_access(app: Flask, settings: Settings) -> None:
    """Have everybody who asks recognized."""
    app.before_request(lambda: _authenticate(settings))


@lru_cache(maxsize=256)  # more than there are routes
def needed_scope(method: str, path: str) -> Scope | None:
    """Return what is needed to send a request; ``None`` where nothing is.

    Args:
        method: The HTTP method.
        path: The path of the route, as in ``/jobs/<job_id>``.
    """
    if method == "OPTIONS" or _is_below(path, *_PUBLIC):
        return None
    if _is_below(path, *_ADMIN):
        return Scope.ADMIN
    return Scope.READ if method in READING else Scope.SUBMIT


def _authenticate(settings: Settings) -> None:
    """Find out who asks, before anything else is done for it.

    Raises:
        LockedOutError: Too many wrong keys came from the address; this one is not even compared.
        StoreUnavailableError: Redis does not answer, so how many there were is unknown.
        NotAuthenticatedError: A key is needed, and none or an unknown one came.
        NotAllowedError: The key has not the scope that is needed.
    """
    asked = present()
    rule = asked.url_rule
    address = (asked.remote_addr or "unknown")[:_LONGEST_ADDRESS]
    asked.caller = Caller(address)
    asked.scope = needed_scope(asked.method, rule.rule) if rule else None
    if asked.scope is None or not settings.api_keys or _is_scraper(asked, settings):
        return
    asked.caller = Caller(address, _recognize(asked, settings.api_keys))
    if not asked.caller.may(asked.scope):
        raise NotAllowedError(asked.scope)


def check_id() -> None:
    """Treat what can be no job's id as that of a job that does not exist.

    A colon would lead to the keys of a job's parts.

    Raises:
        JobNotFoundError: The path has such an id.
    """
    job_id = (present().view_args or {}).get("job_id", "")
    if ":" in job_id:
        raise JobNotFoundError(job_id)


def check_owner() -> None:
    """Treat a job or batch that the caller may not see as one that does not exist.

    Raises:
        JobNotFoundError: The path names such a job.
        BatchNotFoundError: The path names such a batch.
    """
    asked = present()
    owner = asked.caller.sees_only
    if owner is None or not asked.view_args:
        return
    job_id, batch_id = asked.view_args.get("job_id"), asked.view_args.get("batch_id")
    if job_id is not None and asked_job(job_id).request.owner != owner:
        raise JobNotFoundError(job_id)
    if batch_id is not None and batches().owner(batch_id) != owner:
        raise BatchNotFoundError(batch_id)


def refuse_or_warn(settings: Settings) -> None:
    """Say in the log that the API is open; in production, do not start.

    Raises:
        SettingsError: It would be open in production.
    """
    check_keys(settings.api_keys, settings.environment)
    if not settings.api_keys:
        LOGGER.warning(_OPEN)


def warnings(settings: Settings) -> list[str]:
    """Return what is dangerous about the settings, in the caller's language."""
    return [] if settings.api_keys else [say("warning.open", _OPEN)]


def _recognize(asked: ApiRequest, keys: Sequence[ApiKey]) -> ApiKey:
    """Return the key that came, if it is one of these."""
    presented = _presented_key(asked)
    if presented is None:
        raise NotAuthenticatedError(_KEY_NEEDED)
    lockout().check(asked.caller.address)
    key = find_key(keys, presented)
    if key is None:
        lockout().note(asked.caller.address)
        raise NotAuthenticatedError("This API key is not known")
    return key


def _is_scraper(asked: ApiRequest, settings: Settings) -> bool:
    """Whether the token came that opens the figures, and nothing else is asked for."""
    if asked.url_rule is None or asked.url_rule.rule != METRICS:
        return False
    token, presented = settings.metrics_token, _presented_key(asked)
    if token is None or presented is None:
        return False
    return compare_digest(presented.encode(), token.get_secret_value().encode())


def _presented_key(asked: ApiRequest) -> str | None:
    authorization = asked.authorization
    if authorization and authorization.type == "bearer" and authorization.token:
        return authorization.token
    return asked.headers.get("X-API-Key")


def _is_below(path: str, *parents: str) -> bool:
    return any(path == parent or path.startswith(f"{parent}/") for parent in parents)
