"""Temporary block of a client IP address after too many invalid API keys."""

from collections.abc import Sequence
from http import HTTPStatus
from ipaddress import IPv6Address, ip_address
from typing import Final, cast

from flask import Flask, Response, current_app
from limits import RateLimitItem

from orchestrator.settings import Settings
from orchestrator.telemetry.log import LOGGER
from web.http.errors import problem_response
from web.http.rates import RateCounter, parse_rates

__all__ = ["LockedOutError", "Lockout", "lockout", "register_lockout"]

_EXTENSION: Final = "orchestrator lockout"
_POLICY: Final = "wrong-keys"
_NETWORK_BITS: Final = 64  # a customer usually controls a whole /64


class LockedOutError(Exception):
    """A client IP address is blocked.

    Args:
        reset_s: Seconds until the block ends.
    """

    def __init__(self, reset_s: int) -> None:
        super().__init__(reset_s)
        self.reset_s = reset_s


class Lockout:
    """Counts invalid keys by client IP address.

    The counts are shared in Redis. A process reads the count of an address only after it has
    received an invalid key from it, so valid keys cost no round trip. In return each process may
    accept one invalid key more than the rate.

    Args:
        rates: The allowed rates of invalid keys.
        counter: The counter to use.
    """

    def __init__(self, rates: Sequence[RateLimitItem], counter: RateCounter) -> None:
        self._rates = rates
        self._counter = counter

    def check(self, address: str) -> None:
        """Raise if an address is blocked.

        Raises:
            LockedOutError: The address sent too many invalid keys.
            StoreUnavailableError: Redis is unreachable.
        """
        network = _network(address)
        for rate in self._rates:
            if not self._counter.has_counted(_POLICY, rate, network):
                continue
            window = self._counter.peek(_POLICY, rate, network)
            if not window.remaining:
                raise LockedOutError(window.reset_s)

    def record_failure(self, address: str) -> None:
        """Count an invalid key from an address.

        Raises:
            StoreUnavailableError: Redis is unreachable.
        """
        network = _network(address)
        for rate in self._rates:
            window = self._counter.hit(_POLICY, rate, network)
            if not window.remaining and not window.is_refused:
                LOGGER.warning(
                    "Blocked %s for %d s after %d failed authentications",
                    address,
                    window.reset_s,
                    rate.amount,
                )


def lockout() -> Lockout:
    """Return the lockout of the current app."""
    return cast("Lockout", current_app.extensions[_EXTENSION])


def register_lockout(app: Flask, settings: Settings, counter: RateCounter) -> None:
    """Add the lockout to an app.

    Raises:
        SettingsError: ``RATE_LIMIT_WRONG_KEYS`` cannot be parsed.
    """
    app.register_error_handler(LockedOutError, _respond_locked_out)
    rates = parse_rates("RATE_LIMIT_WRONG_KEYS", settings.rate_limit_wrong_keys)
    app.extensions[_EXTENSION] = Lockout(rates, counter)


def _network(address: str) -> str:
    """Return an IPv4 address, or the /64 network of an IPv6 address."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address) or parsed.ipv4_mapped:
        return str(parsed)
    return str(IPv6Address(int(parsed) >> _NETWORK_BITS << _NETWORK_BITS))


def _respond_locked_out(error: LockedOutError) -> Response:
    reset_s = error.reset_s
    detail = f"Too many invalid API keys from this address; retry in {reset_s} s"
    response = problem_response(
        HTTPStatus.TOO_MANY_REQUESTS, "locked_out", detail, facts={"seconds": reset_s}
    )
    response.headers["Retry-After"] = str(reset_s)
    return response
