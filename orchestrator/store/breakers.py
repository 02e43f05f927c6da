"""Circuit breakers, shared by all workers: a service that keeps failing gets no calls."""

from collections.abc import Sequence
from typing import Final

from orchestrator.settings import Settings
from orchestrator.store import keys
from orchestrator.store.commands import RecordFailure, TakeProbe
from orchestrator.store.connection import Connection

__all__ = ["BreakerStore"]

_BEST_FIRST: Final = ("closed", "half-open", "open")

# Lower than for a service, since another instance can take over: each turn has retried its calls.
_INSTANCE_THRESHOLD: Final = 2


class BreakerStore:
    """Breakers: open after consecutive failures, with one trial per `BREAKER_OPEN_SECONDS`.

    If a service has several instances, each has its own breaker; the service's breaker is as good
    as the best of them.
    """

    def __init__(self, connection: Connection, settings: Settings) -> None:
        self._connection = connection
        self._threshold = settings.breaker_threshold
        self._open_ms = round(settings.breaker_open_s * 1000)
        self._instances = {name: one.urls for name, one in settings.services.items()}

    def record_failure(self, service: str, instance: str | None = None) -> None:
        """Count a turn that failed because of the service; open the breaker at the threshold."""
        name = self._name(service, instance)
        threshold = self._threshold if name == service else _INSTANCE_THRESHOLD
        self._connection.run(RecordFailure(name, threshold, self._open_ms))

    def record_success(self, service: str, instance: str | None = None) -> None:
        """Close the breaker."""
        with self._connection.commands() as client:
            client.delete(keys.breaker(self._name(service, instance)))

    def may_probe(self, service: str, instance: str | None = None) -> bool:
        """Take the one trial that an open breaker allows per `BREAKER_OPEN_SECONDS`."""
        probe = TakeProbe(self._name(service, instance), self._open_ms)
        return bool(self._connection.run(probe))

    def choose(self, service: str) -> str | None:
        """Return an instance with a closed breaker, else one to probe, else ``None``."""
        urls = self._instances[service]
        with self._connection.commands() as client:
            for url in urls:
                if not client.hexists(keys.breaker(self._name(service, url)), "opened_at"):
                    return url
        return next((url for url in urls if self.may_probe(service, url)), None)

    def is_blocked(self, service: str, instance: str | None) -> bool:
        """Return whether an instance's breaker is open and allows no trial now."""
        key = keys.breaker(self._name(service, instance))
        with self._connection.commands() as client:
            is_open = client.hexists(key, "opened_at")
        return is_open and not self.may_probe(service, instance)

    def state(self, service: str) -> str:
        """Return ``closed`` or ``open``."""
        return "closed" if self.states([service])[service] == "closed" else "open"

    def states(self, services: Sequence[str]) -> dict[str, str]:
        """Return ``closed``, ``open`` or, if the next turn may try the service, ``half-open``."""
        with self._connection.commands() as client:
            pipeline = client.pipeline(transaction=False)
            pipeline.time()
            names = [(service, name) for service in services for name in self._names(service)]
            for _, name in names:
                pipeline.hmget(keys.breaker(name), "opened_at", "probe_at")
            (seconds, microseconds), *fields = pipeline.execute()
        now_ms = int(seconds) * 1000 + int(microseconds) // 1000
        states: dict[str, set[str]] = {service: set() for service in services}
        for (service, _), (opened_at, probe_at) in zip(names, fields, strict=True):
            state = _name_state(opened_at, may_probe=int(probe_at or 0) <= now_ms)
            states[service].add(state)
        return {service: min(found, key=_BEST_FIRST.index) for service, found in states.items()}

    def _names(self, service: str) -> list[str]:
        return [self._name(service, url) for url in self._instances.get(service, (None,))]

    def _name(self, service: str, instance: str | None) -> str:
        """Return the name of a breaker; a service's only instance shares the service's."""
        is_only = self._instances.get(service, (instance,)) == (instance,)
        return service if instance is None or is_only else f"{service}@{instance}"


def _name_state(opened_at: str | None, *, may_probe: bool) -> str:
    if opened_at is None:
        return "closed"
    return "half-open" if may_probe else "open"
