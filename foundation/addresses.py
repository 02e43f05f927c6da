"""Classify IP addresses: which belong to the public Internet, however they are written."""

import socket
import unicodedata
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final
from urllib.parse import unquote

__all__ = ["is_public", "literal_address"]

Address = IPv4Address | IPv6Address

# Networks that `is_global` accepts, or accepts in some versions of Python.
_NOT_PUBLIC: Final = tuple(
    ip_network(network)
    for network in (
        "100.64.0.0/10",  # carrier-grade NAT; Alibaba Cloud's metadata service
        "168.63.129.16/32",  # Azure's platform services
        "192.0.0.0/24",  # protocol assignments; Oracle Cloud's metadata service
        "192.88.99.0/24",  # 6to4 relays
        "::/96",  # IPv4-compatible IPv6 addresses
        "64:ff9b:1::/48",  # local-use NAT64
        "fec0::/10",  # site-local, the predecessor of fc00::/7
    )
)
_NAT64: Final = ip_network("64:ff9b::/96")


def is_public(address: Address | str) -> bool:
    """Return whether an address belongs to the public Internet.

    An IPv6 address that embeds an IPv4 address (mapped, 6to4, Teredo, NAT64) is classified by
    that IPv4 address.

    Args:
        address: An address or its text; any other text is not public.
    """
    try:
        address = ip_address(address)
    except ValueError:
        return False
    if isinstance(address, IPv6Address):
        embedded = _embedded_address(address)
        if embedded is not None:
            return is_public(embedded)
    if address.is_multicast or address.is_reserved or not address.is_global:
        return False
    return not any(address in network for network in _NOT_PUBLIC)


def literal_address(host: str) -> Address | None:
    """Return the IP address that a URL's host spells out; ``None`` for a name.

    ``127.1``, ``0x7f.1``, ``017700000001`` and ``2130706433`` are 127.0.0.1, also in other
    Unicode digits and with trailing dots.
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


def _embedded_address(address: IPv6Address) -> IPv4Address | None:
    """Return the IPv4 address that packets to an IPv6 address are delivered to."""
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]
