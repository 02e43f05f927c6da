"""Keeps a download away from private networks, at the one point that cannot be fooled.

Python tells an audit hook of every connection before it is made, with the address that it goes
to: whatever name, redirect, odd spelling or changing DNS led there, and whichever of yt-dlp's
handlers makes it. Other programs would be out of the hook's sight, so none may be started but
the runtimes of JavaScript, which yt-dlp gives only what YouTube's player computes.

The guard holds for the whole process, with all threads that yt-dlp may start: a worker's
process does one job at a time.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from pathlib import PurePath
from typing import Any, Final

from services.kit.running.trust import is_trusted, trusted

__all__ = ["ForbiddenConnectionError", "Guard", "guarded", "is_public", "trusted"]

_CONNECTING: Final = {"socket.connect", "socket.sendto", "socket.sendmsg"}
_PROGRAMS: Final = {"deno", "node", "bun", "qjs", "quickjs", "qjs-ng"}
# Beyond what Python counts as not global.
_NOT_PUBLIC: Final = tuple(
    ip_network(network)
    for network in (
        "100.64.0.0/10",  # carrier-grade NAT, and the metadata service of Alibaba's cloud
        "168.63.129.16/32",  # Azure's platform services
        "192.0.0.0/24",  # protocol assignments, and the metadata service of Oracle's cloud
        "192.88.99.0/24",  # relays of 6to4
        "::/96",  # IPv4 in IPv6's first form
        "64:ff9b:1::/48",  # NAT64 inside one network
        "fec0::/10",  # site-local, the forerunner of fc00::/7
    )
)
_NAT64: Final = ip_network("64:ff9b::/96")


class ForbiddenConnectionError(OSError):
    """A download was about to leave the public Internet; nothing was sent."""


class ForbiddenProgramError(ForbiddenConnectionError):
    """A download was about to start a program, whose connections nobody would see."""


@dataclass
class Guard:
    """What holds for the process."""

    is_allowed: Callable[[str], bool] | None = None
    """Tells whether an address may be connected to; ``None`` where everything is."""
    refused: str | None = None
    """The address that was refused last since the guard was set up."""


_guard = Guard()


def is_public(text: str) -> bool:
    """Tell whether an address, as text, belongs to the public Internet.

    An IPv6 address that carries an IPv4 address (mapped, 6to4, Teredo, NAT64) counts as that.
    """
    try:
        address = ip_address(text)
    except ValueError:
        return False
    if isinstance(address, IPv6Address):
        inner = _inner_address(address)
        if inner is not None:
            return is_public(str(inner))
    if address.is_multicast or address.is_reserved or not address.is_global:
        return False
    return not any(address in network for network in _NOT_PUBLIC)


@contextmanager
def guarded(is_allowed: Callable[[str], bool] | None = is_public) -> Iterator[Guard]:
    """Keep this process from connecting to what is not allowed.

    Args:
        is_allowed: Tells it of an address; ``None`` allows everything.

    Yields:
        The guard, which knows whether something was refused.
    """
    _install()
    _guard.is_allowed, _guard.refused = is_allowed, None
    try:
        yield _guard
    finally:
        _guard.is_allowed = None


@cache
def _install() -> None:
    """Add the hook, once for the process: a hook cannot be removed again."""
    sys.addaudithook(_audit)


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    is_allowed = _guard.is_allowed
    if is_allowed is None or is_trusted():
        return
    if event in _CONNECTING:
        _check_connection(arguments[1], is_allowed)
    elif event == "subprocess.Popen":
        _check_program(arguments[0])


def _check_connection(target: object, is_allowed: Callable[[str], bool]) -> None:
    if target is None:
        return  # sent on a socket that is connected, which was checked then
    host = target[0] if isinstance(target, tuple) and target else target
    # A name would be resolved after this check, so only an address will do.
    if not isinstance(host, str) or not is_allowed(host):
        _guard.refused = str(host)
        raise ForbiddenConnectionError(f"A download may not connect to {host}")


def _check_program(program: object) -> None:
    if PurePath(str(program)).stem not in _PROGRAMS:
        raise ForbiddenProgramError(f"A download may not start {program}")


def _inner_address(address: IPv6Address) -> IPv4Address | None:
    """Return the IPv4 address that packets to an IPv6 address end up at."""
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]
