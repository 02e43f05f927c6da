"""Blocks a client address for a while after too many wrong API keys."""

from collections.abc import Sequence
from http import HTTPStatus
from ipaddress import IPv6Address, ip_address
from typing import Final, cast

from flask import Flask, Response, current_app
from limits import RateLimitItem

from orchestrator.settings import Settings
from orchestrator.telemetry.log import LOGGER
from web.http.errors import problem
from web.http.rates import RateCounter, read_rates

__all__ = ["LockedOutError", "Lockout", "lockout", "register_lockout"]

_EXTENSION: Final = "orchestrator lockout"
_POLICY: Final = "wrong-keys"
_NETWORK_BITS: Final = 64  # one customer's IPv6 addresses: whoever has one has them all


class LockedOutError(Exception):
    """Too many wrong keys came from an address.

    Args:
        left_s: Seconds until its keys are checked again.
    """

    def __init__(self, left_s: int) -> None:
        super().__init__(left_s)
        self.left_s = left_s


class Lockout:
    """Counts wrong keys by client address.

    The counts are shared in Redis. A process looks an address up there only after it has received
    a wrong key from it itself, so that valid keys cost nothing; in return each process may let one
    wrong key more than the rate through.

    Args:
        rates: How many wrong keys are allowed.
        counter: Counts them.
    """

    def __init__(self, rates: Sequence[RateLimitItem], counter: RateCounter) -> None:
        self._rates = rates
        self._counter = counter

    def check(self, address: str) -> None:
        """Raise if an address is locked out.

        Raises:
            LockedOutError: The address sent too many wrong keys.
            StoreUnavailableError: Redis does not answer.
        """
        network = _network(address)
        for rate in self._rates:
            if not self._counter.has_counted(_POLICY, rate, network):
                continue
            window = self._counter.look(_POLICY, rate, network)
            if not window.remaining:
                raise LockedOutError(window.left_s)

    def note(self, address: str) -> None:
        """Count a wrong key from an address.

        Raises:
            StoreUnavailableError: Redis does not answer.
        """
        network = _network(address)
        for rate in self._rates:
            window = self._counter.hit(_POLICY, rate, network)
            if not window.remaining and not window.is_refused:
                LOGGER.warning(
                    "Blocked %s for %d s after %d failed authentications",
                    address,
                    window.left_s,
                    rate.amount,
                )


def lockout() -> Lockout:
    """Return the lockout of the current app."""
    return cast("Lockout", current_app.extensions[_EXTENSION])


def register_lockout(app: Flask, settings: Settings, counter: RateCounter) -> None:
    """Count wrong keys, and answer 429 after too many of them.

    Raises:
        SettingsError: The limit cannot be read.
    """
    app.register_error_handler(LockedOutError, _refuse)
    rates = read_rates("RATE_LIMIT_WRONG_KEYS", settings.rate_limit_wrong_keys)
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


def _refuse(error: LockedOutError) -> Response:
    left_s = error.left_s
    detail = f"Too many wrong API keys from this address; try again in {left_s} s"
    answer = problem(HTTPStatus.TOO_MANY_REQUESTS, "locked_out", detail, facts={"seconds": left_s})
    answer.headers["Retry-After"] = str(left_s)
    return answer
