"""Redis's own counters: round trips, Celery messages, memory."""

from dataclasses import dataclass

import redis

__all__ = ["RedisCount", "read_count"]


@dataclass(frozen=True)
class RedisCount:
    """Counts since the server started."""

    round_trips: int
    """Received requests; a pipeline counts once."""
    messages: int
    """Messages that Celery has enqueued."""
    memory_bytes: int
    """The current memory of the data."""

    def since(self, earlier: "RedisCount") -> "RedisCount":
        """Return the difference to earlier counts."""
        return RedisCount(
            self.round_trips - earlier.round_trips,
            self.messages - earlier.messages,
            self.memory_bytes - earlier.memory_bytes,
        )


def read_count(client: "redis.Redis") -> RedisCount:
    """Read all counts."""
    facts = client.info("all")
    pushes = facts.get("cmdstat_lpush", {}).get("calls", 0)
    return RedisCount(facts["total_reads_processed"], pushes, facts["used_memory"])
