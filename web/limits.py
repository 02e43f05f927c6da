"""Rate limits, by key and by address: Flask-Limiter over the orchestrator's own store.

While Redis is away a request is answered 503, as its route would answer a moment later: a limit
that lets everything through then would only make each request wait for Redis twice.
"""

import time
from collections.abc import Callable
from http import HTTPStatus
from math import ceil

from flask import Flask, Response, g, request
from flask_limiter import Limiter, RateLimitExceeded, RequestLimit
from limits.storage import Storage

from orchestrator.errors import StoreUnavailableError
from orchestrator.settings import Settings
from web.access import METRICS, READING, caller
from web.context import operations
from web.errors import problem
from web.rates import read_rates

__all__ = ["register_limits"]


class _CountingStorage(Storage):
    """Counts and tells the window in one call; what it told is kept for the headers."""

    STORAGE_SCHEME = ["orchestrator"]  # noqa: RUF012 - the base class's form

    @property
    def base_exceptions(self) -> type[Exception]:
        """The errors of the store."""
        return StoreUnavailableError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count a request in a window of ``expiry`` seconds."""
        count, left_s = operations().limits.count(key, window_s=expiry, amount=amount)
        g.setdefault("windows", {})[key] = (count, time.time() + left_s)
        return count

    def get(self, key: str) -> int:
        """Return the count as this request found it."""
        return int(g.windows[key][0])

    def get_expiry(self, key: str) -> float:
        """Return when the window ends, in seconds since 1970."""
        return float(g.windows[key][1])

    def check(self) -> bool:
        """Tell whether Redis answers."""
        return operations().health().is_store_up

    def reset(self) -> int | None:
        """Counts end by themselves."""
        raise NotImplementedError

    def clear(self, key: str) -> None:
        """Counts end by themselves."""
        raise NotImplementedError


def register_limits(app: Flask, settings: Settings) -> None:
    """Hold every caller to its rate, once it is known who calls.

    Raises:
        SettingsError: A limit cannot be read.
    """
    limits = {
        "submit": read_rates("RATE_LIMIT_SUBMIT", settings.rate_limit_submit),
        "read": read_rates("RATE_LIMIT_READ", settings.rate_limit_read),
    }
    limiter = Limiter(
        lambda: f"{_policy()}/{caller().name}",
        storage_uri="orchestrator://",
        application_limits=[lambda: "; ".join(map(str, limits[_policy()]))],
    )
    # Figures are asked for by a machine, and have to say that Redis is away.
    limiter.request_filter(
        lambda: g.scope is None or request.path == METRICS or not limits[_policy()]
    )
    limiter.init_app(app)
    app.after_request(_tell(limiter))
    app.register_error_handler(RateLimitExceeded, lambda _error: _refuse(limiter))


def _policy() -> str:
    return "read" if request.method in READING else "submit"


def _tell(limiter: Limiter) -> Callable[[Response], Response]:
    """Return a hook that adds the headers of draft-ietf-httpapi-ratelimit-headers-10."""

    def add_headers(response: Response) -> Response:
        current = limiter.current_limit
        if current is not None and "windows" in g:
            name, limit = _policy(), current.limit
            quota = f'"{name}";q={limit.amount};w={limit.get_expiry()}'
            response.headers["RateLimit-Policy"] = quota
            rest = f'"{name}";r={current.remaining};t={_left_s(current)}'
            response.headers["RateLimit"] = rest
        return response

    return add_headers


def _left_s(limit: RequestLimit) -> int:
    return max(1, ceil(limit.window.reset_time - time.time()))


def _refuse(limiter: Limiter) -> Response:
    current = limiter.current_limit
    left_s = _left_s(current) if current else 1
    answer = problem(
        HTTPStatus.TOO_MANY_REQUESTS,
        "rate_limited",
        f"Too many requests; try again in {left_s} s",
        facts={"seconds": left_s},
    )
    answer.headers["Retry-After"] = str(left_s)
    return answer
