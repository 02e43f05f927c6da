"""Several hosts, each a network namespace: shared work, and a network partition."""

import logging
from pathlib import Path

import pytest

from tests.support.chaos_recovery import RecoveryClock
from tests.support.fake_service import Role, expected_text
from tests.support.hosts import WORKERS, SpreadOrchestrator, spread_orchestrator
from tools.waiting import wait_until

LOGGER = logging.getLogger("system")
JOBS = 24
TOO_MANY_FOR_ONE = 40  # a worker drives 32 turns
STAGE_S = 3.0
RECOVERED_WITHIN_S = 20.0
REFUSED_WITHIN_S = 60.0  # an answer under way is repeated by TCP after seconds, or asked for again


@pytest.fixture(autouse=True)
def _reached_without_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "10.0.0.0/24")


def await_completed_once(orchestrator: SpreadOrchestrator, jobs: dict[str, str]) -> None:
    """Wait until jobs, by their videos' names, have their texts and one remote job per stage."""
    for job_id, name in jobs.items():
        job = orchestrator.await_status(job_id, "completed", "failed", timeout_s=90)
        assert job["transcription_text"] == expected_text(orchestrator.video(name)), job
        assert [orchestrator.submissions(role, job_id) for role in Role] == [1, 1, 1]


def release(orchestrator: SpreadOrchestrator) -> None:
    """Resume the held downloads."""
    orchestrator.services[Role.DOWNLOADER].control(hold=False)


def await_recovery(orchestrator: SpreadOrchestrator, cut_off: str, lost: set[str]) -> None:
    """Wait until the other worker has the jobs of the disconnected one."""
    with orchestrator.redis() as client:
        clock = RecoveryClock(client)
        clock.start(orchestrator.worker_name(cut_off), lost, cause="cut a worker off")
        wait_until(lambda: clock.is_idle, timeout_s=RECOVERED_WITHIN_S, what="recovery")
        clock.stop()
    LOGGER.info("%s", clock)
    (other,) = set(WORKERS) - {cut_off}
    assert orchestrator.leases(other) >= lost
    assert all("recovered" in orchestrator.events(job_id) for job_id in lost)


def await_refusals(orchestrator: SpreadOrchestrator, host: str, lost: set[str]) -> None:
    """Wait until the reconnected worker's write to each job was rejected."""
    worker = orchestrator.by_host[host]

    def refused() -> set[str]:
        log = worker.log_text()
        return {job_id for job_id in lost if f"The lease on job {job_id} is lost" in log}

    wait_until(lambda: refused() == lost, timeout_s=REFUSED_WITHIN_S, what="refusals")
    LOGGER.info("late writes refused: %d", worker.log_text().count("The lease on job"))


def test_workers_on_several_hosts_share_the_jobs(tmp_path: Path) -> None:
    with spread_orchestrator(tmp_path, stage_s=0.5) as orchestrator:
        jobs = orchestrator.submit_held("shared", TOO_MANY_FOR_ONE)
        assert all(orchestrator.leases(host) for host in WORKERS)
        release(orchestrator)
        await_completed_once(orchestrator, jobs)
        # Heartbeats report turns, every 2 s.
        wait_until(
            lambda: all(orchestrator.turns_processed(host) for host in WORKERS),
            timeout_s=10,
            what="turns of each worker",
        )


@pytest.mark.parametrize("is_back_early", [True, False])
def test_a_worker_that_is_cut_off_loses_its_jobs_and_spoils_none(
    tmp_path: Path, *, is_back_early: bool
) -> None:
    with spread_orchestrator(tmp_path, stage_s=STAGE_S) as orchestrator:
        jobs = orchestrator.submit_held("cut-off", JOBS)
        assert all(orchestrator.leases(host) for host in WORKERS)
        busiest = max(WORKERS, key=lambda host: len(orchestrator.leases(host)))
        with orchestrator.network.cut_off(busiest):
            lost = orchestrator.leases(busiest)
            await_recovery(orchestrator, busiest, lost)
            if not is_back_early:
                release(orchestrator)
                await_completed_once(orchestrator, jobs)
        release(orchestrator)
        await_refusals(orchestrator, busiest, lost)
        await_completed_once(orchestrator, jobs)

        more = orchestrator.submit_held("afterwards", TOO_MANY_FOR_ONE)
        assert orchestrator.leases(busiest) & more.keys()
        release(orchestrator)
        await_completed_once(orchestrator, more)
