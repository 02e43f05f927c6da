"""Runs jobs on the orchestrator and measures their cost."""

import asyncio

from benchmarks.harness.client import finished_jobs, submit_jobs
from benchmarks.harness.runs import Run
from benchmarks.harness.services import FakeServices
from benchmarks.harness.stack import Stack

__all__ = ["run_own"]

_PATIENCE_S = 120.0
_PATIENCE_PER_JOB_S = 0.2


def run_own(services: FakeServices, jobs: int, *, workers: int = 1, turns: int = 400) -> Run:
    """Run jobs with API, workers, beat and a private Redis.

    The API's cost is one submission and one read per job.
    """
    with Stack(services, workers=workers, turns=turns) as stack:
        before = stack.cost()
        submitted = asyncio.run(submit_jobs(stack.address, jobs))
        patience_s = services.work_s(jobs) + _PATIENCE_S + jobs * _PATIENCE_PER_JOB_S
        stack.await_ended(jobs, timeout_s=patience_s)
        done = stack.cost().since(before)
        peak_bytes = stack.workers_peak_bytes()
        found = asyncio.run(finished_jobs(stack.address, [job.job_id for job in submitted]))
        read = stack.cost().since(before)
    overheads_s = [
        one.overhead_s(job, services.work_s(jobs))
        for one, job in zip(submitted, found, strict=True)
    ]
    return Run(
        "this orchestrator",
        jobs,
        done.workers_s,
        overheads_s,
        peak_bytes,
        api_cpu_s=read.api_s,
        redis_cpu_s=done.redis_s,
    )
