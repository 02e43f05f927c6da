"""The CPU benchmark, with a handful of jobs."""

from benchmarks.fakes.job import JobPlan
from benchmarks.harness.own_run import run_own
from benchmarks.harness.services import FakeServices

JOBS = 5


def test_a_run_measures_the_cpu_time_of_its_jobs() -> None:
    with FakeServices(JobPlan(stage_s=0.3)) as services:
        run = run_own(services, JOBS, turns=16)
        counts = services.counts()

    assert counts["submissions"] == 3 * JOBS
    assert counts["replays"] == 0
    assert counts["received_bytes"] > 2 * JOBS * 100_000
    assert len(run.overheads_s) == JOBS
    assert all(0 < overhead_s < 20 for overhead_s in run.overheads_s)
    assert run.cpu_s > 0
    assert run.api_cpu_s > 0
    assert run.memory_bytes > 10_000_000
