"""How everything is: Redis, every service and its breaker, asked side by side."""

import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any, TypeVar

from orchestrator.errors import OrchestratorError
from orchestrator.microservice import MicroserviceClient
from orchestrator.microservice.instances import sum_up
from orchestrator.settings import Settings
from orchestrator.store.breakers import BreakerStore
from orchestrator.store.jobs import JobStore

__all__ = ["Health", "HealthWatch"]

_SILENT = "unreachable"
Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Health:
    """How everything was, a moment ago at the most."""

    is_store_up: bool
    microservices: Mapping[str, str]
    """Each service's own word, ``unreachable`` where it has none."""
    instances: Mapping[str, Mapping[str, str]]
    """The words of each instance by its address, for services that have several."""
    breakers: Mapping[str, str]
    """``open`` for services that are left alone for now, else ``closed``."""


class HealthWatch:
    """Asks, and remembers the answer for a moment; however sick somebody is, it is quick.

    Args:
        settings: How long an answer may take, and how long it counts.
        jobs: Stands for Redis.
        breakers: The services' breakers.
        clients: The services by name.
        monotonic: Seconds of a clock that never goes back.
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
        self._known: tuple[float, Health] | None = None

    def look(self) -> Health:
        """Return how everything is; callers at the same time share one look."""
        with self._lock:
            now = self._monotonic()
            if self._known is None or now - self._known[0] > self._fresh_s:
                self._known = (now, self._ask())
            return self._known[1]

    def _ask(self) -> Health:
        places = [(name, url) for name, one in self._clients.items() for url in one.instances]
        pool = ThreadPoolExecutor(len(places) + 1, thread_name_prefix="health")
        breakers = pool.submit(self._ask_store)
        words = {
            place: pool.submit(
                self._clients[place[0]].health, timeout_s=self._timeout_s, instance=place[1]
            )
            for place in places
        }
        asked: list[Future[Any]] = [breakers, *words.values()]
        wait(asked, timeout=self._timeout_s)
        pool.shutdown(wait=False)  # who has not answered by now may end later, unheard
        found = _answer(breakers, None)
        instances: dict[str, dict[str, str]] = {name: {} for name in self._clients}
        for (name, url), word in words.items():
            instances[name][url] = _answer(word, _SILENT)
        return Health(
            is_store_up=found is not None,
            microservices={name: sum_up(said) for name, said in instances.items()},
            instances={name: said for name, said in instances.items() if len(said) > 1},
            breakers=found or dict.fromkeys(self._clients, "unknown"),
        )

    def _ask_store(self) -> dict[str, str] | None:
        try:
            self._jobs.ping()
            return {name: self._breakers.state(name) for name in self._clients}
        except OrchestratorError:
            return None


def _answer(asked: "Future[Answer]", otherwise: Answer) -> Answer:
    try:
        return asked.result(timeout=0)
    except TimeoutError:
        return otherwise
