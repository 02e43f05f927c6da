"""Response models of health and statistics."""

from collections.abc import Mapping, Sequence
from typing import Any

from ytcaption.models import ApiModel, Moment

__all__ = ["Health", "Stats"]


class Health(ApiModel):
    """The health of the orchestrator and its services."""

    status: str
    """``healthy``, ``degraded`` or ``unhealthy``."""
    version: str
    timestamp: Moment
    microservices: Mapping[str, str]
    breakers: Mapping[str, str] = {}
    warnings: Sequence[str] = ()


class Stats(ApiModel):
    """Statistics and the effective settings."""

    orchestrator: Mapping[str, Any]
    redis: Mapping[str, Any]
    settings: Mapping[str, Any]
