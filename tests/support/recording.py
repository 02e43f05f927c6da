"""A version's data in Redis, as a file that tests restore."""

import json
import re
import socket
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

import redis

__all__ = ["Recording", "now_ms", "read_all"]

_NEAR_MS = 30 * 24 * 3600 * 1000
_LIVELY_MS = 10_000
_INSTANT = re.compile(r"(?<!\d)\d{13}(?!\d)")


@dataclass(frozen=True)
class Recording:
    """All keys of a Redis server, with metadata for tests.

    Args:
        recorded_at_ms: The instant of the recording on Redis's clock.
        services: Host and port of each fake service by its role, as they are in the data.
        jobs: Job ids by the names in the tests.
        uploads: The text of each uploaded file by its job's id.
        values: For each key its type, its value and its time to live in ms (-1 for none).
    """

    recorded_at_ms: int
    services: Mapping[str, str]
    jobs: Mapping[str, str]
    uploads: Mapping[str, str]
    values: Mapping[str, tuple[str, Any, int]]

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a recording."""
        return cls(**json.loads(path.read_text()))

    def save(self, path: Path) -> None:
        """Write it, one key per line."""
        facts = asdict(self)
        values = ",\n".join(
            f"  {json.dumps(key)}: {json.dumps(value)}"
            for key, value in facts.pop("values").items()
        )
        head = json.dumps(facts, indent=1).removesuffix("\n}")
        text = f'{head},\n "values": {{\n{values}\n }}\n}}\n'
        host = re.escape(socket.gethostname())
        path.write_text(re.sub(rf"(?<![\w+/=]){host}(?![\w+/=])", "a-host", text))

    def restore(self, client: redis.Redis, replaced: Mapping[str, str]) -> None:
        """Write all keys, with times as if recorded now.

        Args:
            client: To an empty server.
            replaced: Replacements of text, e.g. the URLs of other services.
        """
        text = json.dumps(self.values)
        for old, new in replaced.items():
            text = text.replace(old, new)
        moved_ms = now_ms(client) - self.recorded_at_ms
        for key, (kind, value, left_ms) in json.loads(self._move(text, moved_ms)).items():
            _write(client, key, kind, value)
            if left_ms > 0:
                client.pexpire(key, left_ms)

    def _move(self, text: str, by_ms: int) -> str:
        """Shift every number that is a time close to the recording."""

        def move(found: re.Match[str]) -> str:
            instant_ms = int(found[0])
            is_near = abs(instant_ms - self.recorded_at_ms) < _NEAR_MS
            return str(instant_ms + by_ms) if is_near else found[0]

        return _INSTANT.sub(move, text)


def read_all(client: Any) -> dict[str, tuple[str, Any, int]]:
    """Return every key with its type, value and time to live, except heartbeats and locks."""
    found = {}
    for key in sorted(client.scan_iter()):
        kind, left_ms = client.type(key), client.pttl(key)
        if not 0 < left_ms < _LIVELY_MS:
            found[key] = (kind, _read(client, key, kind), left_ms)
    return found


def now_ms(client: redis.Redis) -> int:
    seconds, microseconds = client.time()
    return seconds * 1000 + microseconds // 1000


def _read(client: Any, key: str, kind: str) -> Any:
    match kind:
        case "string":
            return client.get(key)
        case "hash":
            return client.hgetall(key)
        case "list":
            return client.lrange(key, 0, -1)
        case "set":
            return sorted(client.smembers(key))
        case "zset":
            scored = client.zrange(key, 0, -1, withscores=True)
            return [[member, round(score)] for member, score in scored]
        case "stream":
            return client.xrange(key)
    raise ValueError(kind)


def _write(client: Any, key: str, kind: str, value: Any) -> None:
    match kind:
        case "string":
            client.set(key, value)
        case "hash":
            client.hset(key, mapping=value)
        case "list":
            client.rpush(key, *value)
        case "set":
            client.sadd(key, *value)
        case "zset":
            client.zadd(key, dict(value))
        case "stream":
            for entry_id, fields in value:
                client.xadd(key, fields, id=entry_id)
