"""The health of a service with several instances. Pure."""

from collections.abc import Mapping
from typing import Final

__all__ = ["summarize_health"]

_HEALTHY: Final = "healthy"


def summarize_health(statuses: Mapping[str, str]) -> str:
    """Return the health status of a service.

    If its instances differ, it is ``degraded`` while one of them is healthy, else ``unhealthy``.

    Args:
        statuses: The status of each instance, by its URL.
    """
    different = set(statuses.values())
    if len(different) == 1:
        return different.pop()
    return "degraded" if _HEALTHY in different else "unhealthy"
