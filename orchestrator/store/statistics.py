"""What processes have counted, added up in Redis so that it outlives each of them."""

import json
from collections.abc import Mapping
from typing import Final

from orchestrator.store import keys
from orchestrator.store.connection import Connection
from orchestrator.telemetry.metrics import Key

__all__ = ["API", "FigureStore", "place_of"]

API: Final = "api"
"""The place of what all processes of the API have counted."""
_LIFETIME_S: Final = 7 * 24 * 3600


def place_of(worker: str) -> str:
    """Return the place of what the workers on one machine have counted, by one of their names."""
    return f"worker:{worker.partition(':')[0]}"


class FigureStore:
    """Sums by place: the API, or the workers of one machine."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, place: str, counted: Mapping[Key, float]) -> None:
        """Add to the sums.

        Raises:
            StoreUnavailableError: Redis did not answer; it may have added them all the same.
        """
        key = keys.figures(place)
        with self._connection.commands() as client:
            pipeline = client.pipeline(transaction=False)
            for name, amount in counted.items():
                pipeline.hincrbyfloat(key, json.dumps(name, separators=(",", ":")), amount)
            pipeline.expire(key, _LIFETIME_S)
            pipeline.execute()

    def read(self, place: str) -> dict[Key, float]:
        """Return the sums."""
        with self._connection.commands() as client:
            found: Mapping[str, str] = client.hgetall(keys.figures(place))
        return {tuple(json.loads(name)): float(value) for name, value in found.items()}
