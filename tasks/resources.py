"""Settings and resources of a Celery process, each built at its first use."""

from functools import cache

from orchestrator.engine.resources import Connections, Resources, build_connections, build_resources
from orchestrator.settings import Settings, load_settings

__all__ = ["connections", "resources", "settings"]


@cache
def settings() -> Settings:
    """Return the settings of this process."""
    return load_settings()


@cache
def resources() -> Resources:
    """Return the stores and clients that all turns of this process share."""
    return build_resources(settings())


@cache
def connections() -> Connections:
    """Return the stores and clients of upkeep.

    They are separate from those of the turns, whose calls are interrupted when the worker stops.
    """
    return build_connections(settings())
