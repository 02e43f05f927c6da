"""What Redis itself has counted: round trips, messages for Celery, memory."""

from dataclasses import dataclass

import redis

__all__ = ["RedisCount", "read_count"]


@dataclass(frozen=True)
class RedisCount:
    """Counts since the server started."""

    round_trips: int
    """Requests that arrived; what is pipelined together arrives together."""
    messages: int
    """Messages that Celery has put on its queues."""
    memory_bytes: int
    """What the data takes now."""

    def since(self, earlier: "RedisCount") -> "RedisCount":
        """Return what came after an earlier reading."""
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
