"""A turn that cannot go on says why."""

import logging
from types import SimpleNamespace
from typing import Any

import pytest

from orchestrator.domain.pipeline import STAGES
from orchestrator.engine import runner
from orchestrator.engine.runner import run_stage
from orchestrator.engine.running_turns import RunningTurns
from orchestrator.errors import StoreError, StoreUnavailableError
from tests.support.jobs import make_job


def resources() -> Any:
    return SimpleNamespace(
        turns=RunningTurns("worker", capacity=1),
        leases=SimpleNamespace(claim=lambda *_, **__: SimpleNamespace(job=make_job())),
        patiently=lambda step: step(),
    )


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (StoreError("Redis refused: ERR"), ["Turn ended: Redis refused: ERR"]),
        (StoreUnavailableError("Redis is away"), []),  # the worker stops, and says so itself
    ],
)
def test_what_redis_refuses_is_in_the_log(
    error: StoreError,
    told: list[str],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def take() -> None:
        raise error

    monkeypatch.setattr(runner, "Turn", lambda *_: SimpleNamespace(take=take))
    with caplog.at_level(logging.ERROR), pytest.raises(StoreError):
        run_stage(resources(), "a1b2c3d4e5f60718", STAGES[0])
    assert [record.getMessage() for record in caplog.records] == told
