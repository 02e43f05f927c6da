"""The instances of a service: what their statuses come to. Pure."""

from collections.abc import Mapping
from typing import Final

__all__ = ["sum_up"]

_HEALTHY: Final = "healthy"


def sum_up(words: Mapping[str, str]) -> str:
    """Return one word for a service whose instances say these.

    Where they differ it is ``degraded`` while one of them is well.
    """
    said = set(words.values())
    if len(said) == 1:
        return said.pop()
    return "degraded" if _HEALTHY in said else "unhealthy"
