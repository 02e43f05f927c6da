"""Health of Redis, the services and their breakers, checked in parallel."""

import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any, TypeVar

from orchestrator.errors import OrchestratorError
from orchestrator.microservice import MicroserviceClient
from orchestrator.settings import Settings
from orchestrator.store.breakers import BreakerStore
from orchestrator.store.jobs import JobStore

__all__ = ["Health", "HealthChecker", "summarize_health"]

_HEALTHY = "healthy"
_UNREACHABLE = "unreachable"
Result = TypeVar("Result")


@dataclass(frozen=True)
class Health:
    """The health of the system, at most ``health_fresh_s`` old."""

    is_store_up: bool
    microservices: Mapping[str, str]
    """The status that each service reports, ``unreachable`` if it does not answer."""
    instances: Mapping[str, Mapping[str, str]]
    """The status of each instance by its URL, for services with several instances."""
    breakers: Mapping[str, str]
    """``open`` for services that are not called for now, else ``closed``."""


def summarize_health(statuses: Mapping[str, str]) -> str:
    """Return the health status of a service.

    If its instances differ, it is ``degraded`` while one of them is healthy, else ``unhealthy``.

    Args:
        statuses: The status of each instance, by its URL.
    """
    different = set(statuses.values())
    if len(different) == 1:
        return different.pop()
    return "degraded" if _HEALTHY in different else "unhealthy"


class HealthChecker:
    """Checks health within a time limit and caches the result briefly.

    Args:
        settings: The time limit of a check and the lifetime of its result.
        jobs: The store whose Redis is checked.
        breakers: The services' breakers.
        clients: The services by name.
        monotonic: A monotonic clock, in seconds.
    """

    def __init__(
        self,
        settings: Settings,
        jobs: JobStore,
        breakers: BreakerStore,
        clients: Mapping[str, MicroserviceClient],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._timeout_s = settings.health_timeout_s
        self._fresh_s = settings.health_fresh_s
        self._jobs = jobs
        self._breakers = breakers
        self._clients = clients
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._cached: tuple[float, Health] | None = None

    def check(self) -> Health:
        """Return the current health; concurrent callers share one check."""
        with self._lock:
            now = self._monotonic()
            if self._cached is None or now - self._cached[0] > self._fresh_s:
                self._cached = (now, self._check_all())
            return self._cached[1]

    def _check_all(self) -> Health:
        instances = [(name, url) for name, one in self._clients.items() for url in one.instances]
        pool = ThreadPoolExecutor(len(instances) + 1, thread_name_prefix="health")
        store = pool.submit(self._check_store)
        checks = {
            (name, url): pool.submit(
                self._clients[name].health, timeout_s=self._timeout_s, instance=url
            )
            for name, url in instances
        }
        pending: list[Future[Any]] = [store, *checks.values()]
        wait(pending, timeout=self._timeout_s)
        pool.shutdown(wait=False)  # late results are ignored
        breakers = _result(store, None)
        statuses: dict[str, dict[str, str]] = {name: {} for name in self._clients}
        for (name, url), check in checks.items():
            statuses[name][url] = _result(check, _UNREACHABLE)
        return Health(
            is_store_up=breakers is not None,
            microservices={name: summarize_health(found) for name, found in statuses.items()},
            instances={name: found for name, found in statuses.items() if len(found) > 1},
            breakers=breakers or dict.fromkeys(self._clients, "unknown"),
        )

    def _check_store(self) -> dict[str, str] | None:
        """Return the states of the breakers, ``None`` if Redis does not answer."""
        try:
            self._jobs.ping()
            return {name: self._breakers.state(name) for name in self._clients}
        except OrchestratorError:
            return None


def _result(check: "Future[Result]", otherwise: Result) -> Result:
    try:
        return check.result(timeout=0)
    except TimeoutError:
        return otherwise
