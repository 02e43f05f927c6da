"""Metrics that processes have counted, summed up in Redis so that they outlive each process."""

import json
from collections.abc import Mapping
from typing import Final

from orchestrator.store import keys
from orchestrator.store.connection import Connection
from orchestrator.telemetry.metrics import Key

__all__ = ["API", "StatisticsStore", "scope_of"]

API: Final = "api"
"""The scope of all API processes."""
_LIFETIME_S: Final = 7 * 24 * 3600


def scope_of(worker: str) -> str:
    """Return the scope of a worker: all workers on its host."""
    return f"worker:{worker.partition(':')[0]}"


class StatisticsStore:
    """Sums by scope: the API, or the workers of one host."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, scope: str, counted: Mapping[Key, float]) -> None:
        """Add to the sums.

        Raises:
            StoreUnavailableError: Redis did not answer; the sums may have been added anyway.
        """
        key = keys.statistics(scope)
        with self._connection.commands() as client:
            pipeline = client.pipeline(transaction=False)
            for name, amount in counted.items():
                pipeline.hincrbyfloat(key, json.dumps(name, separators=(",", ":")), amount)
            pipeline.expire(key, _LIFETIME_S)
            pipeline.execute()

    def read(self, scope: str) -> dict[Key, float]:
        """Return the sums."""
        with self._connection.commands() as client:
            found: Mapping[str, str] = client.hgetall(keys.statistics(scope))
        return {tuple(json.loads(name)): float(value) for name, value in found.items()}
