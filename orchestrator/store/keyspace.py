"""Operations on all of the orchestrator's keys: memory use, listing by age, removal."""

from collections.abc import Sequence
from typing import Final

from orchestrator.store import keys
from orchestrator.store.connection import Connection

__all__ = ["Keyspace"]

_BATCH: Final = 500
# Kept by a reset: living workers, the broker's bindings of queues, and the schema version.
_KEPT: Final = ("heartbeat:", "workers", "reconciler", "broker:_kombu", "schema")


class Keyspace:
    """The orchestrator's keys; those of other applications are never touched."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def now_ms(self) -> int:
        """Return Redis's time in milliseconds, by which jobs are stamped."""
        return self._connection.now_ms()

    def memory_bytes(self) -> int:
        """Return the memory that the Redis server uses, for all applications."""
        with self._connection.commands() as client:
            return int(client.info("memory")["used_memory"])

    def created_before(self, instant_ms: float, *, limit: int, offset: int = 0) -> Sequence[str]:
        """Return the ids of jobs created before a time, oldest first."""
        with self._connection.commands() as client:
            found: list[str] = client.zrange(
                keys.JOBS, "-inf", f"({instant_ms}", byscore=True, offset=offset, num=limit
            )
        return found

    def unfinished(self) -> Sequence[str]:
        """Return the ids of jobs that have not ended."""
        with self._connection.commands() as client:
            found: list[str] = client.zrange(keys.ACTIVE, 0, -1)
        return found

    def remove(self) -> None:
        """Remove all keys except those of living workers; iterates with SCAN."""
        kept = tuple(f"{keys.PREFIX}{name}" for name in _KEPT)
        with self._connection.commands() as client:
            batch: list[str] = []
            for key in client.scan_iter(f"{keys.PREFIX}*", count=_BATCH):
                if not key.startswith(kept):
                    batch.append(key)
                if len(batch) >= _BATCH:
                    client.unlink(*batch)
                    batch.clear()
            if batch:
                client.unlink(*batch)
