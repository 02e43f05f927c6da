"""Which addresses of the network a client may have us reach: public ones only. Pure.

What is refused here is plain to see in the address itself. A name that leads to a private
address shows only when it is resolved, so whoever connects checks again what it connects to.
"""

import socket
import unicodedata
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final
from urllib.parse import unquote, urlsplit

from orchestrator.errors import ForbiddenAddressError

__all__ = ["check_address", "is_public", "literal_address"]

Address = IPv4Address | IPv6Address

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
_LOCAL_NAMES: Final = ("localhost", "localdomain", "local", "internal", "home.arpa")


def is_public(address: Address | str) -> bool:
    """Tell whether an address belongs to the public Internet.

    An IPv6 address that carries an IPv4 address (mapped, 6to4, Teredo, NAT64) counts as that.

    Args:
        address: An address, or its text; text that is none is not public.
    """
    try:
        address = ip_address(address)
    except ValueError:
        return False
    if isinstance(address, IPv6Address):
        inner = _inner_address(address)
        if inner is not None:
            return is_public(inner)
    if address.is_multicast or address.is_reserved or not address.is_global:
        return False
    return not any(address in network for network in _NOT_PUBLIC)


def literal_address(host: str) -> Address | None:
    """Return the address that a host is by itself, in any spelling that some client takes.

    ``127.1``, ``0x7f.1``, ``017700000001`` and ``2130706433`` are 127.0.0.1, and so are the
    same in other digits of Unicode and with a dot at the end.
    """
    plain = unicodedata.normalize("NFKC", unquote(host)).replace("\N{IDEOGRAPHIC FULL STOP}", ".")
    plain = plain.strip("[]").rstrip(".")
    try:
        return ip_address(plain)
    except ValueError:
        pass
    try:
        return IPv4Address(socket.inet_aton(plain))
    except (OSError, UnicodeError, ValueError):
        return None


def check_address(url: str, *, allow_private: bool, pointer: str = "") -> None:
    """Make sure that an address does not plainly lead into a private network.

    Args:
        url: An address of the web.
        allow_private: Let it pass all the same.
        pointer: The field that has it, for the error.

    Raises:
        ForbiddenAddressError: Its host is a private address, or a name for one.
    """
    try:
        host = (urlsplit(url).hostname or "").rstrip(".").lower()
    except ValueError as error:
        raise ForbiddenAddressError(url, pointer) from error
    if not allow_private and _is_private(host):
        raise ForbiddenAddressError(host, pointer)


@lru_cache(maxsize=256)  # most addresses are of the same few hosts
def _is_private(host: str) -> bool:
    address = literal_address(host)
    return not is_public(address) if address else _is_local_name(host)


def _is_local_name(host: str) -> bool:
    plain = unicodedata.normalize("NFKC", unquote(host)).rstrip(".").lower()
    return any(plain == name or plain.endswith(f".{name}") for name in _LOCAL_NAMES)


def _inner_address(address: IPv6Address) -> IPv4Address | None:
    """Return the IPv4 address that packets to an IPv6 address end up at."""
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]
