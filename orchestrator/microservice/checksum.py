"""Checksums of artifacts, from the `Repr-Digest` header (RFC 9530).

Of several checksums the cheapest is verified. It only detects damage in transit, for which the RFC
permits older algorithms: a malicious service could send a matching checksum anyway. On a CPU
without SHA instructions, SHA-256 takes seven times as long as Adler-32, and longer than everything
else that a worker does with the bytes.
"""

import hashlib
import re
import zlib
from base64 import b64encode
from collections.abc import Callable
from typing import Any, Final

__all__ = ["Checksum", "find_checksum"]

_MEMBER: Final = re.compile(r"(?:^|,)[ \t]*(adler|sha-256)=:([A-Za-z0-9+/=]+):")


class Checksum:
    """A checksum that is computed chunk by chunk, with the expected value."""

    def __init__(self, summing: Any, expected: str) -> None:
        self._summing = summing
        self._expected = expected

    def update(self, chunk: bytes) -> None:
        """Add the next bytes."""
        self._summing.update(chunk)

    def is_right(self) -> bool:
        """Return whether the bytes so far have the expected checksum."""
        return b64encode(self._summing.digest()).decode() == self._expected


def find_checksum(repr_digest: str | None) -> Checksum | None:
    """Return the cheapest checksum of a header; ``None`` if it has none that is supported.

    Args:
        repr_digest: The header's value, such as ``sha-256=:…:, adler=:…:``.
    """
    given = dict(_MEMBER.findall(repr_digest or ""))
    for algorithm, make, length in _CHEAPEST_FIRST:
        if len(given.get(algorithm, "")) == length:
            return Checksum(make(), given[algorithm])
    return None


class _Adler32:
    """Adler-32 (RFC 1950) with the interface of `hashlib`."""

    def __init__(self) -> None:
        self._value = zlib.adler32(b"")

    def update(self, chunk: bytes) -> None:
        self._value = zlib.adler32(chunk, self._value)

    def digest(self) -> bytes:
        return self._value.to_bytes(4, "big")


# With the length of each in base64; values of another length are ignored.
_CHEAPEST_FIRST: Final[tuple[tuple[str, Callable[[], Any], int], ...]] = (
    ("adler", _Adler32, 8),
    ("sha-256", hashlib.sha256, 44),
)
