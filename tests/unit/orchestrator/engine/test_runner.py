"""A turn that cannot go on says why."""

import logging

import pytest

from orchestrator.domain.pipeline import STAGES
from orchestrator.engine.runner import run_stage
from orchestrator.engine.turn import Outcome
from orchestrator.errors import LeaseLostError, OrchestratorError, StoreError, StoreUnavailableError
from tests.support.fake_worker import JOB_ID, FakeWorker


@pytest.mark.parametrize(
    ("error", "messages"),
    [
        (
            StoreError("Redis refused: ERR"),
            ["Turn failed; the heartbeat will re-enqueue the job: Redis refused: ERR"],
        ),
        (StoreUnavailableError("Redis is away"), []),  # the worker stops, and logs that itself
    ],
)
def test_an_error_of_redis_is_logged_and_raised(
    error: OrchestratorError, messages: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    worker = FakeWorker()
    worker.client.on_submit = error
    with caplog.at_level(logging.ERROR), pytest.raises(type(error)):
        run_stage(worker.resources(), JOB_ID, STAGES[0])
    assert [record.getMessage() for record in caplog.records] == messages


def test_a_turn_without_a_lease_does_nothing() -> None:
    worker = FakeWorker()
    worker.client.on_submit = LeaseLostError(JOB_ID, "somebody newer owns it")
    assert run_stage(worker.resources(), JOB_ID, STAGES[0]) == Outcome()
    assert run_stage(worker.resources(), JOB_ID, STAGES[1]) == Outcome()
    counted = {key[1:] for key in worker.counts.take() if key[0] == "ytcaption_turns_total"}
    assert counted == {("download", "lost"), ("normalization", "nothing")}
