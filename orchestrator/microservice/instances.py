"""The instances of a service: what they are called, and what their words come to. Pure."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

__all__ = ["name_of", "sum_up"]

_HEALTHY: Final = "healthy"


def name_of(url: str) -> str:
    """Return an instance's address as it may be shown: without what somebody logs in with."""
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def sum_up(words: Mapping[str, str]) -> str:
    """Return one word for a service whose instances say these.

    Where they differ it is ``degraded`` while one of them is well.
    """
    said = set(words.values())
    if len(said) == 1:
        return said.pop()
    return "degraded" if _HEALTHY in said else "unhealthy"
