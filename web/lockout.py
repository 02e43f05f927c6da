"""Wrong API keys: an address that sends too many of them is not heard for a while."""

import time
from collections.abc import Sequence
from http import HTTPStatus
from ipaddress import IPv6Address, ip_address
from math import ceil
from typing import Final, cast

from flask import Flask, Response, current_app
from limits import RateLimitItem

from orchestrator.log import LOGGER
from orchestrator.settings import Settings
from web.context import operations
from web.errors import problem
from web.rates import read_rates

__all__ = ["LockedOutError", "Lockout", "lockout", "register_lockout"]

_EXTENSION: Final = "orchestrator lockout"
_MOST_SUSPECTS: Final = 10_000  # some megabytes, when the ones whose time is over are dropped
_NETWORK_BITS: Final = 64  # one customer's IPv6 addresses: whoever has one has them all


class LockedOutError(Exception):
    """Too many wrong keys came from an address.

    Args:
        left_s: Seconds until it is heard again.
    """

    def __init__(self, left_s: float) -> None:
        super().__init__(left_s)
        self.left_s = left_s


class Lockout:
    """Counts wrong keys by address, in windows that begin with the first.

    The counts are everybody's, in Redis; an address is looked up there only while this process
    has had a wrong key from it, so that right keys cost nothing. Each process may let one wrong
    key more than the rate through for that.

    Args:
        rates: How many may come.
    """

    def __init__(self, rates: Sequence[RateLimitItem]) -> None:
        self._rates = rates
        self._suspects: dict[str, float] = {}

    def check(self, address: str) -> None:
        """Make sure that keys from an address may be compared.

        Raises:
            LockedOutError: Too many wrong ones came from it.
            StoreUnavailableError: Redis does not answer.
        """
        if not self._suspects:
            return
        for rate in self._rates:
            bucket = _bucket(address, rate)
            if self._suspects.get(bucket, 0.0) <= time.monotonic():
                continue
            count, left_s = operations().limits.look(bucket)
            if count >= rate.amount:
                raise LockedOutError(left_s)

    def note(self, address: str) -> None:
        """Count a wrong key from an address."""
        for rate in self._rates:
            bucket = _bucket(address, rate)
            count, left_s, _ = operations().limits.count(bucket, window_s=rate.get_expiry())
            self._suspect(bucket, left_s)
            if count == rate.amount:
                LOGGER.warning("%s sent %d wrong keys: not heard for %d s", address, count, left_s)

    def _suspect(self, bucket: str, left_s: float) -> None:
        now = time.monotonic()
        if len(self._suspects) >= _MOST_SUSPECTS:
            self._suspects = {one: end for one, end in self._suspects.items() if end > now}
        self._suspects[bucket] = now + left_s


def lockout() -> Lockout:
    """Return the counts of wrong keys of the app that serves the present request."""
    return cast("Lockout", current_app.extensions[_EXTENSION])


def register_lockout(app: Flask, settings: Settings) -> None:
    """Have wrong keys counted, and too many of them answered 429.

    Raises:
        SettingsError: The limit cannot be read.
    """
    app.register_error_handler(LockedOutError, _refuse)
    rates = read_rates("RATE_LIMIT_WRONG_KEYS", settings.rate_limit_wrong_keys)
    app.extensions[_EXTENSION] = Lockout(rates)


def _bucket(address: str, rate: RateLimitItem) -> str:
    return f"wrong-keys/{rate.get_expiry()}/{_network(address)}"


def _network(address: str) -> str:
    """Return what stands for all addresses of one customer."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address) or parsed.ipv4_mapped:
        return str(parsed)
    return str(IPv6Address(int(parsed) >> _NETWORK_BITS << _NETWORK_BITS))


def _refuse(error: LockedOutError) -> Response:
    left_s = max(1, ceil(error.left_s))
    detail = f"Too many wrong API keys from this address; try again in {left_s} s"
    answer = problem(HTTPStatus.TOO_MANY_REQUESTS, "locked_out", detail, facts={"seconds": left_s})
    answer.headers["Retry-After"] = str(left_s)
    return answer
