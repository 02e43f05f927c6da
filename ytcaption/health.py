"""What the API tells of itself."""

from collections.abc import Mapping, Sequence
from typing import Any

from ytcaption.answers import Answer, Moment

__all__ = ["Health", "Stats"]


class Health(Answer):
    """How the orchestrator and its services are."""

    status: str
    """``healthy``, ``degraded`` or ``unhealthy``."""
    version: str
    timestamp: Moment
    microservices: Mapping[str, str]
    breakers: Mapping[str, str] = {}
    warnings: Sequence[str] = ()


class Stats(Answer):
    """How much there is, and which settings are in force."""

    orchestrator: Mapping[str, Any]
    redis: Mapping[str, Any]
    settings: Mapping[str, Any]
