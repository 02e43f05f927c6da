"""How everything is, however sick somebody is."""

import threading
import time
from typing import Any, cast

import pytest

from orchestrator.errors import StoreUnavailableError
from orchestrator.operating.health import HealthChecker
from orchestrator.settings import Settings, load_settings


class Store:
    """Answers, or does not."""

    def __init__(self, *, is_up: bool = True) -> None:
        self.is_up = is_up

    def ping(self) -> None:
        if not self.is_up:
            raise StoreUnavailableError("away")

    def state(self, service: str) -> str:
        return "open" if service == "sick" else "closed"


class Service:
    """Says its word, once it is let go."""

    def __init__(self, word: str, *, hangs: bool = False) -> None:
        self.word = word
        self.asked = 0
        self.let_go = threading.Event()
        if not hangs:
            self.let_go.set()

    @property
    def instances(self) -> tuple[str, ...]:
        return ("http://one.test",)

    def health(self, *, timeout_s: float, instance: str | None = None) -> str:
        assert (timeout_s, instance) == (0.05, "http://one.test")
        self.asked += 1
        self.let_go.wait(10)
        return self.word


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def settings() -> Settings:
    return load_settings(env_files=(), health_timeout_s=0.05, health_fresh_s=2)


def checker(settings: Settings, store: Store, clock: Clock | None = None, **services: Any) -> Any:
    everything = cast("Any", store)
    return HealthChecker(settings, everything, everything, services, clock or time.monotonic)


def test_everybody_is_asked_and_every_breaker_is_shown(settings: Settings) -> None:
    found = checker(settings, Store(), well=Service("healthy"), sick=Service("degraded")).check()
    assert found.is_store_up
    assert found.microservices == {"well": "healthy", "sick": "degraded"}
    assert found.breakers == {"well": "closed", "sick": "open"}


def test_who_hangs_is_not_waited_for(settings: Settings) -> None:
    hanging = Service("healthy", hangs=True)
    found = checker(settings, Store(), well=Service("healthy"), hanging=hanging).check()
    hanging.let_go.set()
    assert found.microservices == {"well": "healthy", "hanging": "unreachable"}


def test_without_redis_the_breakers_are_unknown(settings: Settings) -> None:
    found = checker(settings, Store(is_up=False), well=Service("healthy")).check()
    assert not found.is_store_up
    assert found.breakers == {"well": "unknown"}


def test_an_answer_counts_for_a_moment(settings: Settings) -> None:
    clock, service = Clock(), Service("healthy")
    health = checker(settings, Store(), clock, well=service)
    health.check()
    clock.now += 1.9
    health.check()
    assert service.asked == 1
    clock.now += 0.2
    health.check()
    assert service.asked == 2
