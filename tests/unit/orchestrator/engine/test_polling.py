"""A remote job that is not visible yet is not taken for lost, whatever the host's clock says."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from orchestrator.domain.job import StageRecord
from orchestrator.engine.clocks import RedisClock
from orchestrator.engine.polling import Polling
from orchestrator.errors import RemoteJobLostError
from orchestrator.http.stopping import StopSignal
from tests.support.jobs import NOW, make_settings
from tests.support.monotonic import Monotonic


def lose(*_: Any, **__: Any) -> None:
    raise RemoteJobLostError("downloader", "x_audio")


def make_polling(monotonic: Monotonic) -> Polling:
    """Return the polls of a turn that was claimed at ``NOW`` of a service that answers 404."""
    client: Any = SimpleNamespace(poll=lose)
    settings = make_settings(not_visible_s=6, poll_interval=0.001)
    return Polling(client, settings, StopSignal(), RedisClock(NOW, monotonic), None)


@pytest.mark.parametrize("age_s", [0, 1, 6])
def test_a_404_soon_after_the_submission_is_waited_out(age_s: float) -> None:
    monotonic = Monotonic()
    polling = make_polling(monotonic)
    monotonic.now_s += age_s
    assert polling.ask(StageRecord(job_id="x_audio", submitted_at=NOW)).job is None


@pytest.mark.parametrize("age_s", [7, 3600])
def test_a_404_later_on_means_that_the_job_is_lost(age_s: float) -> None:
    submitted_at = NOW - timedelta(seconds=age_s)
    with pytest.raises(RemoteJobLostError):
        make_polling(Monotonic()).ask(StageRecord(job_id="x_audio", submitted_at=submitted_at))


def test_a_job_that_was_never_seen_to_be_submitted_is_lost() -> None:
    with pytest.raises(RemoteJobLostError):
        make_polling(Monotonic()).ask(StageRecord(job_id="x_audio"))
