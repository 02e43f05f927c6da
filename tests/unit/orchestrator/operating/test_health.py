"""Health checks are complete and fast, whatever fails."""

import threading
import time
from typing import Any, cast

import pytest

from orchestrator.errors import StoreUnavailableError
from orchestrator.operating.health import HealthChecker, summarize_health
from orchestrator.settings import Settings, load_settings


class Store:
    """A Redis that is up or down, with breakers."""

    def __init__(self, *, is_up: bool = True) -> None:
        self.is_up = is_up

    def ping(self) -> None:
        if not self.is_up:
            raise StoreUnavailableError("away")

    def state(self, service: str) -> str:
        return "open" if service == "sick" else "closed"


class Service:
    """A service that reports a status; it may hang until released."""

    def __init__(self, status: str, *, hangs: bool = False) -> None:
        self.status = status
        self.calls = 0
        self.released = threading.Event()
        if not hangs:
            self.released.set()

    @property
    def instances(self) -> tuple[str, ...]:
        return ("http://one.test",)

    def health(self, *, timeout_s: float, instance: str | None = None) -> str:
        assert (timeout_s, instance) == (0.05, "http://one.test")
        self.calls += 1
        self.released.wait(10)
        return self.status


class Clock:
    """A clock that advances only when it is set."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def settings() -> Settings:
    return load_settings(env_files=(), health_timeout_s=0.05, health_fresh_s=2)


def checker(settings: Settings, store: Store, clock: Clock | None = None, **services: Any) -> Any:
    fake = cast("Any", store)
    return HealthChecker(settings, fake, fake, services, clock or time.monotonic)


def test_all_services_and_breakers_are_reported(settings: Settings) -> None:
    found = checker(settings, Store(), well=Service("healthy"), sick=Service("degraded")).check()
    assert found.is_store_up
    assert found.microservices == {"well": "healthy", "sick": "degraded"}
    assert found.breakers == {"well": "closed", "sick": "open"}


def test_a_service_that_hangs_is_unreachable(settings: Settings) -> None:
    hanging = Service("healthy", hangs=True)
    found = checker(settings, Store(), well=Service("healthy"), hanging=hanging).check()
    hanging.released.set()
    assert found.microservices == {"well": "healthy", "hanging": "unreachable"}


def test_without_redis_the_breakers_are_unknown(settings: Settings) -> None:
    found = checker(settings, Store(is_up=False), well=Service("healthy")).check()
    assert not found.is_store_up
    assert found.breakers == {"well": "unknown"}


def test_a_result_is_cached_briefly(settings: Settings) -> None:
    clock, service = Clock(), Service("healthy")
    health = checker(settings, Store(), clock, well=service)
    health.check()
    clock.now += 1.9
    health.check()
    assert service.calls == 1
    clock.now += 0.2
    health.check()
    assert service.calls == 2


@pytest.mark.parametrize(
    ("words", "word"),
    [
        (["healthy"], "healthy"),
        (["unreachable", "unreachable"], "unreachable"),
        (["healthy", "unreachable"], "degraded"),
        (["degraded", "unreachable"], "unhealthy"),
    ],
)
def test_the_health_of_a_service_follows_from_its_instances(words: list[str], word: str) -> None:
    assert summarize_health({f"http://{n}.test": said for n, said in enumerate(words)}) == word
