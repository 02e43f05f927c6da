"""All of the orchestrator's keys at once: what they take, and their removal."""

from collections.abc import Sequence
from typing import Final

from orchestrator.store import keys
from orchestrator.store.connection import Connection

__all__ = ["Everything"]

_BATCH: Final = 500
# Workers live on after a reset: their heartbeats, how the broker knows its queues, and the version
# of what they write.
_KEPT: Final = ("heartbeat:", "workers", "reconciler", "broker:_kombu", "schema")


class Everything:
    """Figures over all keys, and their removal; other applications' keys are never touched."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def now_ms(self) -> int:
        """Return Redis's time in milliseconds, by which jobs are stamped."""
        return self._connection.now_ms()

    def memory_bytes(self) -> int:
        """Return what the Redis server uses, with other applications' keys."""
        with self._connection.commands() as client:
            return int(client.info("memory")["used_memory"])

    def created_before(self, instant_ms: float, *, limit: int, offset: int = 0) -> Sequence[str]:
        """Return ids of jobs that were created before an instant, oldest first."""
        with self._connection.commands() as client:
            found: list[str] = client.zrange(
                keys.JOBS, "-inf", f"({instant_ms}", byscore=True, offset=offset, num=limit
            )
        return found

    def unfinished(self) -> Sequence[str]:
        """Return ids of jobs that have not ended."""
        with self._connection.commands() as client:
            found: list[str] = client.zrange(keys.ACTIVE, 0, -1)
        return found

    def remove(self) -> None:
        """Remove every key of the orchestrator but those of living workers; walks with SCAN."""
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
