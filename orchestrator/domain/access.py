"""API keys, their scopes, and the owners of jobs. Pure.

A key contains 32 random bytes; settings hold only its SHA-256. A slow hash is not needed: unlike
passwords, 256 random bits cannot be guessed.
"""

import hashlib
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from hmac import compare_digest
from typing import Final

from orchestrator.errors import SettingsError

__all__ = ["ApiKey", "Caller", "Scope", "check_keys", "find_key", "make_key", "parse_keys"]

_NAME: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")  # becomes part of Redis keys and log lines
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_SECRET_BYTES: Final = 32
_PREFIX: Final = "ytc_"  # lets secret scanners find leaked keys


class Scope(StrEnum):
    """The permissions of a key."""

    SUBMIT = "submit"  # submit, cancel, retry and delete own jobs
    READ = "read"  # read own jobs
    ADMIN = "admin"  # both, for all jobs, and everything under /admin


@dataclass(frozen=True)
class ApiKey:
    """A key as it is set in API_KEYS: ``name:scope+scope:sha256hex``."""

    name: str
    """The key's owner. Keys with the same name share their jobs, so a key can be rotated."""
    scopes: frozenset[Scope]
    digest: str
    """The SHA-256 of the key, in hexadecimal."""

    def __str__(self) -> str:
        scopes = "+".join(scope for scope in Scope if scope in self.scopes)
        return f"{self.name}:{scopes}:{self.digest}"


@dataclass(frozen=True)
class Caller:
    """The client that sent a request.

    Args:
        address: The client's IP address.
        key: The API key; ``None`` if no keys are configured, which allows everything.
    """

    address: str
    key: ApiKey | None = None

    @property
    def name(self) -> str:
        """The name of the caller's key, or else its IP address."""
        return self.key.name if self.key else self.address

    @property
    def owner(self) -> str:
        """The owner of the jobs that the caller submits; empty without a key."""
        return self.key.name if self.key else ""

    @property
    def sees_only(self) -> str | None:
        """The owner whose jobs the caller sees; ``None`` if it sees all jobs."""
        return None if self.may(Scope.ADMIN) else self.owner

    def may(self, scope: Scope) -> bool:
        """Return whether the caller has a scope."""
        return self.key is None or bool(self.key.scopes & {scope, Scope.ADMIN})


def check_keys(keys: Sequence[ApiKey], environment: str) -> None:
    """Raise if no keys are configured in production.

    Raises:
        SettingsError: There are no keys; the message says what to set.
    """
    if environment == "production" and not keys:
        raise SettingsError(
            "ENVIRONMENT=production requires API_KEYS. Run `python -m web.keys NAME submit read` "
            "and set API_KEYS to the line that it prints; or set ENVIRONMENT=development."
        )


def parse_keys(text: str) -> tuple[ApiKey, ...]:
    """Parse comma-separated keys.

    Raises:
        ValueError: A key is invalid. The message has its position, not its text, which may be a
            key in clear.
    """
    parts = [part.strip() for part in text.split(",")]
    return tuple(_parse_key(part, position) for position, part in enumerate(parts, 1) if part)


def find_key(keys: Sequence[ApiKey], presented: str) -> ApiKey | None:
    """Return the key that matches ``presented``, or ``None``.

    Compare every digest in constant time, to prevent timing attacks.
    """
    digest = _digest(presented)
    found = None
    for key in keys:
        if compare_digest(key.digest, digest):
            found = key
    return found


def make_key(name: str, scopes: Sequence[str]) -> tuple[str, ApiKey]:
    """Return a new key in clear, to be shown once, and its form for settings.

    Raises:
        ValueError: The name or a scope is invalid.
    """
    clear = f"{_PREFIX}{secrets.token_urlsafe(_SECRET_BYTES)}"
    return clear, _parse_key(f"{name}:{'+'.join(scopes)}:{_digest(clear)}", 1)


def _parse_key(text: str, position: int) -> ApiKey:
    name, _, rest = text.partition(":")
    scopes, _, digest = rest.partition(":")
    known = frozenset(Scope) >= set(scopes.split("+"))
    if not (_NAME.fullmatch(name) and known and _DIGEST.fullmatch(digest)):
        raise ValueError(
            f"key {position} must have the form name:scope+scope:sha256hex, with a name of "
            f"letters, digits, '.', '_', '-' and scopes from {', '.join(Scope)}"
        )
    return ApiKey(name, frozenset(map(Scope, scopes.split("+"))), digest)


def _digest(clear: str) -> str:
    return hashlib.sha256(clear.encode("utf-8", "surrogatepass")).hexdigest()
