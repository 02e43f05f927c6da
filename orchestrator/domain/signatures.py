"""Webhook signatures, as specified by Standard Webhooks. Pure."""

import base64
import hashlib
import hmac
from collections.abc import Sequence
from typing import Final

__all__ = ["read_keys", "sign"]

_KEY_BYTES: Final = range(24, 65)


def read_keys(secrets: str) -> tuple[bytes, ...]:
    """Decode comma-separated secrets.

    Raises:
        ValueError: A secret is not ``whsec_`` followed by 24 to 64 bytes in base64.
    """
    keys = []
    for secret in secrets.split(","):
        prefix, _, encoded = secret.strip().partition("_")
        key = base64.b64decode(encoded, validate=True)  # its error is a ValueError
        if prefix != "whsec" or len(key) not in _KEY_BYTES:
            raise ValueError("must be whsec_ followed by 24 to 64 bytes in base64")
        keys.append(key)
    return tuple(keys)


def sign(keys: Sequence[bytes], delivery_id: str, timestamp: int, body: bytes) -> str:
    """Return the ``webhook-signature`` header of a webhook, with one signature per key."""
    signed = f"{delivery_id}.{timestamp}.".encode() + body
    digests = (hmac.new(key, signed, hashlib.sha256).digest() for key in keys)
    return " ".join(f"v1,{base64.b64encode(digest).decode()}" for digest in digests)
