"""Circuit breakers, shared by all workers: a service that fails again and again is left alone."""

from collections.abc import Sequence
from typing import Final

from orchestrator.settings import Settings
from orchestrator.store import keys
from orchestrator.store.connection import Connection

__all__ = ["BreakerStore"]

_FROM_BEST: Final = ("closed", "half-open", "open")


# With another instance to turn to, one is left alone sooner: each turn has repeated its calls.
_INSTANCE_THRESHOLD: Final = 2


class BreakerStore:
    """Closed while a service works; open after failures in a row; tried once in a while.

    Each of several instances has a breaker of its own, and the service's is open when all are.
    """

    def __init__(self, connection: Connection, settings: Settings) -> None:
        self._connection = connection
        self._threshold = settings.breaker_threshold
        self._open_ms = round(settings.breaker_open_s * 1000)
        self._instances = {name: one.urls for name, one in settings.services.items()}

    def record_failure(self, service: str, instance: str | None = None) -> None:
        """Count a turn that the service failed; opens the breaker at the threshold."""
        self._run(service, instance, "failure")

    def record_success(self, service: str, instance: str | None = None) -> None:
        """Close the breaker."""
        self._run(service, instance, "success")

    def may_probe(self, service: str, instance: str | None = None) -> bool:
        """Take the one trial that an open breaker allows per `BREAKER_OPEN_SECONDS`."""
        return bool(self._run(service, instance, "probe"))

    def choose(self, service: str) -> str | None:
        """Return an instance that works, or that may be tried; ``None`` where there is none."""
        urls = self._instances[service]
        with self._connection.commands() as client:
            for url in urls:
                if not client.hexists(keys.breaker(self._name(service, url)), "opened_at"):
                    return url
        return next((url for url in urls if self.may_probe(service, url)), None)

    def is_left_alone(self, service: str, instance: str | None) -> bool:
        """Whether an instance's breaker is open, and does not allow a trial just now."""
        key = keys.breaker(self._name(service, instance))
        with self._connection.commands() as client:
            is_open = client.hexists(key, "opened_at")
        return is_open and not self.may_probe(service, instance)

    def state(self, service: str) -> str:
        """Return ``closed`` or ``open``."""
        return "closed" if self.states([service])[service] == "closed" else "open"

    def states(self, services: Sequence[str]) -> dict[str, str]:
        """Return ``closed``, ``open``, or ``half-open`` where the next turn may try the service."""
        with self._connection.commands() as client:
            pipeline = client.pipeline(transaction=False)
            pipeline.time()
            asked = [(service, name) for service in services for name in self._names(service)]
            for _, name in asked:
                pipeline.hmget(keys.breaker(name), "opened_at", "probe_at")
            (seconds, microseconds), *found = pipeline.execute()
        now_ms = int(seconds) * 1000 + int(microseconds) // 1000
        states: dict[str, set[str]] = {service: set() for service in services}
        for (service, _), (opened_at, probe_at) in zip(asked, found, strict=True):
            state = _name_state(opened_at, may_probe=int(probe_at or 0) <= now_ms)
            states[service].add(state)
        return {service: min(said, key=_FROM_BEST.index) for service, said in states.items()}

    def _names(self, service: str) -> list[str]:
        return [self._name(service, url) for url in self._instances.get(service, (None,))]

    def _name(self, service: str, instance: str | None) -> str:
        """Return whose breaker it is: that of the only instance is the service's own."""
        is_only = self._instances.get(service, (instance,)) == (instance,)
        return service if instance is None or is_only else f"{service}@{instance}"

    def _run(self, service: str, instance: str | None, event: str) -> int:
        name = self._name(service, instance)
        threshold = self._threshold if name == service else _INSTANCE_THRESHOLD
        return int(self._connection.run("breaker", name, event, threshold, self._open_ms))


def _name_state(opened_at: str | None, *, may_probe: bool) -> str:
    if opened_at is None:
        return "closed"
    return "half-open" if may_probe else "open"
