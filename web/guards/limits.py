"""Rate limits by API key, or by client IP address without keys.

While Redis is unreachable, requests are answered with 503. Their routes would fail with 503 too, so
letting them pass would only add a second timeout.
"""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Final

from flask import Flask, Response
from limits import RateLimitItem

from orchestrator.settings import Settings
from web.guards.access import METRICS_PATH, READ_METHODS
from web.http.context import current_request
from web.http.errors import problem_response
from web.http.rates import RateCounter, parse_rates

__all__ = ["register_limits"]

Limits = Mapping[str, Sequence[RateLimitItem]]
"""Rates by policy."""

_READ: Final = "read"
_SUBMIT: Final = "submit"


def register_limits(app: Flask, settings: Settings, counter: RateCounter) -> None:
    """Limit the request rate of every caller; call this after authentication is registered.

    Raises:
        SettingsError: A rate limit cannot be parsed.
    """
    limits = {
        _SUBMIT: _shortest_first(parse_rates("RATE_LIMIT_SUBMIT", settings.rate_limit_submit)),
        _READ: _shortest_first(parse_rates("RATE_LIMIT_READ", settings.rate_limit_read)),
    }
    app.before_request(lambda: _count_request(limits, counter))
    app.after_request(_add_headers)


def _count_request(limits: Limits, counter: RateCounter) -> Response | None:
    """Count the request against each rate until one is exceeded.

    The headers describe the rate with the fewest requests left.
    """
    request = current_request()
    policy = _READ if request.method in READ_METHODS else _SUBMIT
    # `/metrics` is not limited: a scrape must be able to report that Redis is down.
    if request.scope is None or request.path == METRICS_PATH:
        return None
    for rate in limits[policy]:
        window = counter.hit(policy, rate, request.caller.name)
        if (
            request.window is None
            or window.is_refused
            or window.remaining < request.window.remaining
        ):
            request.window = window
        if window.is_refused:
            return _rate_limited(window.reset_s)
    return None


def _shortest_first(rates: Sequence[RateLimitItem]) -> Sequence[RateLimitItem]:
    """Sort rates by window, so that a rejected request does not count against longer windows."""
    return sorted(rates, key=lambda rate: rate.get_expiry())


def _add_headers(response: Response) -> Response:
    """Add the headers of draft-ietf-httpapi-ratelimit-headers-10."""
    window = current_request().window
    if window is not None:
        name, rate = window.policy, window.rate
        response.headers["RateLimit-Policy"] = f'"{name}";q={rate.amount};w={rate.get_expiry()}'
        response.headers["RateLimit"] = f'"{name}";r={window.remaining};t={window.reset_s}'
    return response


def _rate_limited(reset_s: int) -> Response:
    response = problem_response(
        HTTPStatus.TOO_MANY_REQUESTS,
        "rate_limited",
        f"Rate limit exceeded; retry in {reset_s} s",
        facts={"seconds": reset_s},
    )
    response.headers["Retry-After"] = str(reset_s)
    return response
