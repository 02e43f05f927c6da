"""Rate limits, by key and by address, counted for all processes of the API together.

While Redis is away a request is answered 503, as its route would answer a moment later: a limit
that lets everything through then would only make each request wait for Redis twice.
"""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from math import ceil
from typing import Final

from flask import Flask, Response
from limits import RateLimitItem

from orchestrator.settings import Settings
from web.access import METRICS, READING
from web.context import ApiRequest, operations, present
from web.errors import problem
from web.rates import Window, read_rates

__all__ = ["register_limits"]

Limits = Mapping[str, Sequence[RateLimitItem]]
"""The rates of each policy."""

_READ: Final = "read"
_SUBMIT: Final = "submit"


def register_limits(app: Flask, settings: Settings) -> None:
    """Hold every caller to its rate, once it is known who calls.

    Raises:
        SettingsError: A limit cannot be read.
    """
    limits = {
        _SUBMIT: _shortest_first(read_rates("RATE_LIMIT_SUBMIT", settings.rate_limit_submit)),
        _READ: _shortest_first(read_rates("RATE_LIMIT_READ", settings.rate_limit_read)),
    }
    app.before_request(lambda: _count(limits))
    app.after_request(_tell)


def _count(limits: Limits) -> Response | None:
    """Count the present request, until a rate refuses it; the one that leaves least is told."""
    asked = present()
    policy = _READ if asked.method in READING else _SUBMIT
    # Figures are asked for by a machine, and have to say that Redis is away.
    if asked.scope is None or asked.path == METRICS:
        return None
    for rate in limits[policy]:
        window = _count_in(policy, rate, asked)
        if asked.window is None or window.remaining < asked.window.remaining:
            asked.window = window
        if window.remaining < 0:
            return _refuse(window.left_s)
    return None


def _shortest_first(rates: Sequence[RateLimitItem]) -> Sequence[RateLimitItem]:
    """Return rates in an order in which what one refuses uses up none of a longer one."""
    return sorted(rates, key=lambda rate: rate.get_expiry())


def _count_in(policy: str, rate: RateLimitItem, asked: ApiRequest) -> Window:
    length_s = rate.get_expiry()
    bucket = f"{policy}/{rate.amount}/{length_s}/{asked.caller.name}"
    job_id = (asked.view_args or {}).get("job_id", "")
    count, left_s, job = operations().limits.count(bucket, window_s=length_s, job_id=job_id)
    if job is not None:
        asked.job = job
    return Window(policy, rate, count, max(1, ceil(left_s)))


def _tell(response: Response) -> Response:
    """Add the headers of draft-ietf-httpapi-ratelimit-headers-10."""
    window = present().window
    if window is not None:
        name, rate = window.policy, window.rate
        policy = f'"{name}";q={rate.amount};w={rate.get_expiry()}'
        rest = f'"{name}";r={max(0, window.remaining)};t={window.left_s}'
        response.headers.extend((("RateLimit-Policy", policy), ("RateLimit", rest)))
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
