"""Rate limits by API key, or by client address where there are no keys.

While Redis is away, requests are answered 503, as their routes would answer a moment later. A limit
that let everything through then would only make each request wait for Redis twice.
"""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Final

from flask import Flask, Response
from limits import RateLimitItem

from orchestrator.settings import Settings
from web.guards.access import METRICS, READING
from web.http.context import present
from web.http.errors import problem
from web.http.rates import RateCounter, read_rates

__all__ = ["register_limits"]

Limits = Mapping[str, Sequence[RateLimitItem]]
"""The rates of each policy."""

_READ: Final = "read"
_SUBMIT: Final = "submit"


def register_limits(app: Flask, settings: Settings, counter: RateCounter) -> None:
    """Limit the rate of every caller; register it after authentication.

    Raises:
        SettingsError: A limit cannot be read.
    """
    limits = {
        _SUBMIT: _shortest_first(read_rates("RATE_LIMIT_SUBMIT", settings.rate_limit_submit)),
        _READ: _shortest_first(read_rates("RATE_LIMIT_READ", settings.rate_limit_read)),
    }
    app.before_request(lambda: _count(limits, counter))
    app.after_request(_add_headers)


def _count(limits: Limits, counter: RateCounter) -> Response | None:
    """Count the request against each rate until one refuses it.

    The headers describe the rate with the fewest requests left.
    """
    asked = present()
    policy = _READ if asked.method in READING else _SUBMIT
    # Metrics are not limited: a scrape has to report that Redis is away.
    if asked.scope is None or asked.path == METRICS:
        return None
    for rate in limits[policy]:
        window = counter.hit(policy, rate, asked.caller.name)
        if asked.window is None or window.is_refused or window.remaining < asked.window.remaining:
            asked.window = window
        if window.is_refused:
            return _refuse(window.left_s)
    return None


def _shortest_first(rates: Sequence[RateLimitItem]) -> Sequence[RateLimitItem]:
    """Sort rates so that a request that one refuses does not count against a longer one."""
    return sorted(rates, key=lambda rate: rate.get_expiry())


def _add_headers(response: Response) -> Response:
    """Add the headers of draft-ietf-httpapi-ratelimit-headers-10."""
    window = present().window
    if window is not None:
        name, rate = window.policy, window.rate
        response.headers["RateLimit-Policy"] = f'"{name}";q={rate.amount};w={rate.get_expiry()}'
        response.headers["RateLimit"] = f'"{name}";r={window.remaining};t={window.left_s}'
    return response


def _refuse(left_s: int) -> Response:
    answer = problem(
        HTTPStatus.TOO_MANY_REQUESTS,
        "rate_limited",
        f"Too many requests; try again in {left_s} s",
        facts={"seconds": left_s},
    )
    answer.headers["Retry-After"] = str(left_s)
    return answer
