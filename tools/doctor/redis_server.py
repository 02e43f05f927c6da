"""Checks of Redis: availability, version, latency, durability and clock."""

import statistics
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

import redis

from orchestrator.settings import Settings
from orchestrator.store.connection import connect
from tools.doctor.finding import Finding, problem, warning, well

__all__ = ["examine_clock", "examine_info", "examine_latency", "examine_redis"]

_AREA: Final = "redis"
_SCHEMES: Final = ("redis://", "rediss://", "sentinel://")
_OLDEST: Final = (6, 2)  # COPY, which copies the transcript of another job
_PINGS: Final = 20
_SLOW_MS, _TOO_SLOW_MS = 5.0, 50.0  # a turn makes about ten calls
_FULL, _NEARLY_FULL = 0.95, 0.8
_OFF_S: Final = 2.0  # only logs use this machine's time
_MIB: Final = 1024 * 1024


def examine_redis(settings: Settings) -> list[Finding]:
    """Check the server at `REDIS_URL`, and the broker if it is another one."""
    found = _examine(settings)
    broker = settings.celery_broker_url
    if broker is None or broker == settings.redis_url:
        return found
    if not broker.get_secret_value().startswith(_SCHEMES):
        return [
            *found,
            well("broker", "it is not a Redis server on the network, and was not checked"),
        ]
    of_broker = _examine(settings.model_copy(update={"redis_url": broker}), "CELERY_BROKER_URL")
    return [*found, *(replace(one, area="broker") for one in of_broker if one.area == _AREA)]


def _examine(settings: Settings, variable: str = "REDIS_URL") -> list[Finding]:
    try:
        with connect(settings).client as server:
            return [*_ask(server)]
    except redis.RedisError as error:
        advice = f"start Redis, or set {variable} to its URL (`make run` starts its own)"
        return [problem(_AREA, f"it does not answer: {error}", advice)]


def _ask(server: redis.Redis) -> Iterator[Finding]:
    info: Mapping[str, Any] = server.info()
    yield from examine_info(info)
    took_ms = []
    for _ in range(_PINGS):
        began = time.perf_counter()
        server.ping()
        took_ms.append((time.perf_counter() - began) * 1000)
    yield examine_latency(took_ms)
    asked_at = time.time()
    seconds, microseconds = server.time()
    yield examine_clock(seconds + microseconds / 1e6 - (asked_at + time.time()) / 2)


def examine_info(info: Mapping[str, Any]) -> Iterator[Finding]:
    """Check the server's own information (INFO)."""
    yield _examine_version(info)
    if info.get("role") != "master":
        yield problem(_AREA, "this is a replica, which rejects writes", "use the primary")
    yield _examine_persistence(info)
    yield from _examine_eviction(info)
    yield _examine_memory(info)
    clients, allowed = info.get("connected_clients", 0), info.get("maxclients") or 10_000
    if clients > _NEARLY_FULL * allowed:
        fact = f"{clients} of {allowed} connections are in use"
        yield warning(_AREA, fact, "raise maxclients, or lower REDIS_MAX_CONNECTIONS and WORKERS")


def _examine_version(info: Mapping[str, Any]) -> Finding:
    version = str(info["redis_version"])
    name = f"Valkey {info['valkey_version']}" if "valkey_version" in info else f"Redis {version}"
    numbers = tuple(int(part) for part in version.split(".")[:2])
    if numbers < _OLDEST:
        oldest = ".".join(map(str, _OLDEST))
        return problem(_AREA, f"{name} is too old", f"use Redis {oldest} or newer, or Valkey")
    return well(_AREA, name)


def _examine_persistence(info: Mapping[str, Any]) -> Finding:
    if not info.get("aof_enabled"):
        return problem(
            _AREA,
            "there is no append-only file: jobs are lost when the server restarts",
            "redis-cli CONFIG SET appendonly yes, and `appendonly yes` in its configuration",
        )
    for name in ("aof_last_write_status", "aof_last_bgrewrite_status"):
        if info.get(name, "ok") != "ok":
            fact = f"the append-only file could not be written ({name})"
            return problem(_AREA, fact, "check the server's log and disk")
    return well(_AREA, "the append-only file is enabled")


def _examine_eviction(info: Mapping[str, Any]) -> Iterator[Finding]:
    policy, has_limit = str(info.get("maxmemory_policy")), bool(info.get("maxmemory"))
    if policy != "noeviction":
        tell = problem if has_limit else warning
        when = "when its memory is full" if has_limit else "once maxmemory is set"
        yield tell(
            _AREA,
            f"maxmemory-policy is {policy}: {when} it deletes jobs",
            "redis-cli CONFIG SET maxmemory-policy noeviction, and the same in its configuration",
        )


def _examine_memory(info: Mapping[str, Any]) -> Finding:
    used, limit = int(info.get("used_memory", 0)), int(info.get("maxmemory", 0))
    whole = limit or int(info.get("total_system_memory", 0))
    fact = f"{used / _MIB:.0f} MiB are used"
    if not whole:
        return well(_AREA, fact)
    fact += f", {used / whole:.0%} of " + ("maxmemory" if limit else "the machine's memory")
    advice = "raise maxmemory, lower CACHE_TTL_HOURS, or run POST /admin/cleanup"
    if used > _FULL * whole:
        return problem(_AREA, f"{fact}: new jobs are rejected when it is full", advice)
    return warning(_AREA, fact, advice) if used > _NEARLY_FULL * whole else well(_AREA, fact)


def examine_latency(took_ms: list[float]) -> Finding:
    """Check the latency of single calls, in milliseconds."""
    middle_ms, longest_ms = statistics.median(took_ms), max(took_ms)
    fact = f"a call takes {middle_ms:.1f} ms, at most {longest_ms:.1f} ms"
    advice = "move Redis closer to the workers; find slow commands with redis-cli SLOWLOG GET"
    if middle_ms > _TOO_SLOW_MS:
        return problem(_AREA, fact, advice)
    return warning(_AREA, fact, advice) if middle_ms > _SLOW_MS else well(_AREA, fact)


def examine_clock(ahead_s: float) -> Finding:
    """Check the offset of the server's clock, in seconds ahead of this machine's."""
    word = "ahead of" if ahead_s > 0 else "behind"
    fact = f"Redis' clock is {abs(ahead_s):.2f} s {word} this machine's"
    if abs(ahead_s) <= _OFF_S:
        return well("clock", fact)
    advice = "synchronize both clocks (chrony, systemd-timesyncd)"
    return warning("clock", f"{fact}: times in logs and jobs differ", advice)
