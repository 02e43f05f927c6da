"""Who asks, and whether it may: checked for every request before its route is called.

A route needs no word of its own for this. What it needs follows from its method and its path, and
a path that names a job is answered only to those who may see that job, so a new route is safe
before anybody thinks of it.
"""

from collections.abc import Sequence
from secrets import compare_digest
from typing import Final

from flask import g, request
from werkzeug.routing import Rule

from orchestrator.access import ApiKey, Caller, Scope, check_keys, find_key
from orchestrator.errors import (
    BatchNotFoundError,
    JobNotFoundError,
    NotAllowedError,
    NotAuthenticatedError,
)
from orchestrator.log import LOGGER
from orchestrator.settings import Settings
from web.context import asked_job, batches, operations
from web.lockout import lockout
from web.messages import say

__all__ = [
    "METRICS",
    "READING",
    "authenticate",
    "caller",
    "check_id",
    "check_owner",
    "needed_scope",
    "refuse_or_warn",
    "warnings",
]

_PUBLIC: Final = ("/", "/ui", "/health", "/openapi.json", "/docs")
METRICS: Final = "/metrics"
_ADMIN: Final = ("/admin", METRICS)
READING: Final = frozenset({"GET", "HEAD"})
_LONGEST_ADDRESS: Final = 64
_KEY_NEEDED: Final = "An API key is needed: send it as `Authorization: Bearer` or `X-API-Key`"
_OPEN: Final = "API_KEYS is not set: everybody who reaches this API may do everything"


def caller() -> Caller:
    """Return who sent the present request."""
    who: Caller = g.caller
    return who


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


def authenticate() -> None:
    """Find out who asks, before anything else is done for it.

    Raises:
        LockedOutError: Too many wrong keys came from the address; this one is not even compared.
        StoreUnavailableError: Redis does not answer, so how many there were is unknown.
        NotAuthenticatedError: A key is needed, and none or an unknown one came.
        NotAllowedError: The key has not the scope that is needed.
    """
    keys = operations().settings.api_keys
    rule = request.url_rule
    g.caller = Caller((request.remote_addr or "unknown")[:_LONGEST_ADDRESS])
    g.scope = needed_scope(request.method, rule.rule) if rule else None
    if g.scope is None or not keys or _is_scraper(rule):
        return
    g.caller = Caller(g.caller.address, _recognize(keys, g.caller.address))
    if not g.caller.may(g.scope):
        raise NotAllowedError(g.scope)


def check_id() -> None:
    """Treat what can be no job's id as that of a job that does not exist.

    A colon would lead to the keys of a job's parts.

    Raises:
        JobNotFoundError: The path has such an id.
    """
    job_id = (request.view_args or {}).get("job_id", "")
    if ":" in job_id:
        raise JobNotFoundError(job_id)


def check_owner() -> None:
    """Treat a job or batch that the caller may not see as one that does not exist.

    Raises:
        JobNotFoundError: The path names such a job.
        BatchNotFoundError: The path names such a batch.
    """
    owner = caller().sees_only
    if owner is None or not request.view_args:
        return
    job_id, batch_id = request.view_args.get("job_id"), request.view_args.get("batch_id")
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


def _recognize(keys: Sequence[ApiKey], address: str) -> ApiKey:
    """Return the key that came, if it is one of these."""
    presented = _presented_key()
    if presented is None:
        raise NotAuthenticatedError(_KEY_NEEDED)
    lockout().check(address)
    key = find_key(keys, presented)
    if key is None:
        lockout().note(address)
        raise NotAuthenticatedError("This API key is not known")
    return key


def _is_scraper(rule: Rule | None) -> bool:
    """Whether the token came that opens the figures, and nothing else is asked for."""
    if rule is None or rule.rule != METRICS:
        return False
    token, presented = operations().settings.metrics_token, _presented_key()
    if token is None or presented is None:
        return False
    return compare_digest(presented.encode(), token.get_secret_value().encode())


def _presented_key() -> str | None:
    authorization = request.authorization
    if authorization and authorization.type == "bearer" and authorization.token:
        return authorization.token
    return request.headers.get("X-API-Key")


def _is_below(path: str, *parents: str) -> bool:
    return any(path == parent or path.startswith(f"{parent}/") for parent in parents)
