"""The ``ready`` process of ``make run``: prints the URLs once all health checks pass."""

import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from urllib.parse import urljoin

import requests

from foundation.logins import hide_login
from tools.waiting import wait_until

# A slow machine that compiles every module for the first time takes about half of this.
START_TIMEOUT_S = 120.0
_PROBE_TIMEOUT_S = 5.0


def is_healthy(address: str) -> bool:
    """Return whether a health check passes."""
    try:
        return requests.get(address, timeout=_PROBE_TIMEOUT_S).ok
    except requests.RequestException:
        return False


def await_health(
    addresses: Mapping[str, str],
    check: Callable[[], None] = lambda: None,
    *,
    timeout_s: float = START_TIMEOUT_S,
) -> None:
    """Wait until every health check passes.

    Args:
        addresses: URLs of health checks by process name.
        check: Called between attempts; an exception ends the wait.
        timeout_s: Seconds for each health check to pass.

    Raises:
        TimeoutError: A health check has not passed; the message names it.
    """
    for name, address in addresses.items():
        is_ready = partial(_check_and_probe, check, address)
        wait_until(is_ready, timeout_s=timeout_s, what=f"{name} at {hide_login(address)}")


def _check_and_probe(check: Callable[[], None], address: str) -> bool:
    check()
    return is_healthy(address)


def main(arguments: Sequence[str], *, timeout_s: float = START_TIMEOUT_S) -> int:
    """Wait for ``name=url`` arguments, print them, and run until stopped.

    Returns:
        1 after a timeout, which makes the process manager stop everything.
    """
    addresses = dict(argument.split("=", 1) for argument in arguments)
    try:
        await_health(addresses, timeout_s=timeout_s)
    except TimeoutError as error:
        print(error)
        return 1
    print("everything is ready:")
    for name, address in addresses.items():
        print(f"  {name:<12} {urljoin(hide_login(address), '/')}")
    print("stop with Ctrl-C")
    signal.pause()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
