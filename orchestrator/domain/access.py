"""Who may do what: API keys, their scopes, and whose a job is. Pure.

A key is 32 random bytes that only its holder knows; settings hold its SHA-256. (A slow hash is
for passwords, which can be guessed. 256 random bits cannot.)
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

_NAME: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")  # part of Redis keys and of log lines
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_SECRET_BYTES: Final = 32
_PREFIX: Final = "ytc_"  # so that scanners find keys that leaked


class Scope(StrEnum):
    """What a key is good for."""

    SUBMIT = "submit"  # start, cancel, retry and delete jobs of one's own
    READ = "read"  # see jobs of one's own
    ADMIN = "admin"  # both, for everybody's jobs, and what is under /admin


@dataclass(frozen=True)
class ApiKey:
    """A key as settings hold it, written ``name:scope+scope:sha256hex``."""

    name: str
    """Whose it is. Keys of one name share their jobs, so that a key can be replaced."""
    scopes: frozenset[Scope]
    digest: str
    """SHA-256 of the key, in hexadecimal."""

    def __str__(self) -> str:
        scopes = "+".join(scope for scope in Scope if scope in self.scopes)
        return f"{self.name}:{scopes}:{self.digest}"


@dataclass(frozen=True)
class Caller:
    """Whoever sends a request.

    Args:
        address: Where the request comes from.
        key: The key that it carries; ``None`` where no keys are set, and all is allowed.
    """

    address: str
    key: ApiKey | None = None

    @property
    def name(self) -> str:
        """What the caller is told apart by: its key's name, else its address."""
        return self.key.name if self.key else self.address

    @property
    def owner(self) -> str:
        """Whose the jobs are that it submits; nobody's without a key."""
        return self.key.name if self.key else ""

    @property
    def sees_only(self) -> str | None:
        """The owner whose jobs it sees; ``None`` where it sees everybody's."""
        return None if self.may(Scope.ADMIN) else self.owner

    def may(self, scope: Scope) -> bool:
        """Tell whether the caller has a scope."""
        return self.key is None or bool(self.key.scopes & {scope, Scope.ADMIN})


def check_keys(keys: Sequence[ApiKey], environment: str) -> None:
    """Make sure that in production there are keys.

    Raises:
        SettingsError: There are none; it says what to set.
    """
    if environment == "production" and not keys:
        raise SettingsError(
            "ENVIRONMENT=production needs API_KEYS. Run `python -m web.keys NAME submit read` and "
            "set API_KEYS to the line that it prints; or set ENVIRONMENT=development."
        )


def parse_keys(text: str) -> tuple[ApiKey, ...]:
    """Read keys that are separated by commas.

    Raises:
        ValueError: One of them cannot be; the message says which by its place, not by its text,
            since that may be a key in clear.
    """
    parts = [part.strip() for part in text.split(",")]
    return tuple(_parse_key(part, place) for place, part in enumerate(parts, 1) if part)


def find_key(keys: Sequence[ApiKey], presented: str) -> ApiKey | None:
    """Return the key that was presented, or ``None``.

    Every digest is compared, each in constant time, so that the time taken tells nothing.
    """
    digest = _digest(presented)
    found = None
    for key in keys:
        if compare_digest(key.digest, digest):
            found = key
    return found


def make_key(name: str, scopes: Sequence[str]) -> tuple[str, ApiKey]:
    """Return a new key in clear, to be shown once, and as settings hold it.

    Raises:
        ValueError: The name or a scope cannot be.
    """
    clear = f"{_PREFIX}{secrets.token_urlsafe(_SECRET_BYTES)}"
    return clear, _parse_key(f"{name}:{'+'.join(scopes)}:{_digest(clear)}", 1)


def _parse_key(text: str, place: int) -> ApiKey:
    name, _, rest = text.partition(":")
    scopes, _, digest = rest.partition(":")
    known = frozenset(Scope) >= set(scopes.split("+"))
    if not (_NAME.fullmatch(name) and known and _DIGEST.fullmatch(digest)):
        raise ValueError(
            f"key {place} must have the form name:scope+scope:sha256hex, with a name of letters, "
            f"digits, '.', '_', '-' and scopes out of {', '.join(Scope)}"
        )
    return ApiKey(name, frozenset(map(Scope, scopes.split("+"))), digest)


def _digest(clear: str) -> str:
    return hashlib.sha256(clear.encode("utf-8", "surrogatepass")).hexdigest()
