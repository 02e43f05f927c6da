"""Growth with the number of jobs: CPU per job, Redis's memory, ``GET /jobs``."""

import argparse
import asyncio
import time
from collections.abc import Iterator, Mapping

import requests
from redis import Redis

from benchmarks.fakes.job import JobPlan
from benchmarks.harness.client import submit_jobs
from benchmarks.harness.goals import Goal, Verdict, as_table, at_most
from benchmarks.harness.percentiles import mean, percentile
from benchmarks.harness.redis_meter import read_count
from benchmarks.harness.services import FakeServices
from benchmarks.harness.stack import Stack
from orchestrator.domain.job import JobRequest
from orchestrator.domain.sources import Source
from orchestrator.domain.work_keys import derive_work_keys
from orchestrator.settings import load_settings
from orchestrator.store import keys
from orchestrator.store.connection import connect
from orchestrator.store.jobs import JobStore

__all__ = ["measure"]

SIZES = (100, 1_000, 10_000)
STORED = (100, 1_000, 10_000, 100_000)
_PLAN = JobPlan(stage_s=0.5)
_MOST_CHANGE = 0.2
_MOST_BYTES = 4_000
_READINGS = 200
_PATIENCE_PER_JOB_S = 0.3
_PATIENCE_S = 60.0
_TIMEOUT_S = 30.0


def measure(sizes: tuple[int, ...] = SIZES, stored: tuple[int, ...] = STORED) -> list[Goal]:
    """Measure all of them."""
    costs_ms, bytes_per_job = run_sizes(sizes)
    return [judge_cpu(costs_ms), judge_bytes(bytes_per_job), judge_list(read_lists(stored))]


def run_sizes(sizes: tuple[int, ...]) -> tuple[dict[int, float], float]:
    """Run growing numbers of jobs on one stack.

    Returns:
        CPU of workers and beat per job in ms, by number of jobs; bytes of a finished job in Redis
        without its text, measured after the first run, when all buffers are allocated.
    """
    costs_ms: dict[int, float] = {}
    total, first_bytes = 0, 0
    with FakeServices(_PLAN) as services, Stack(services) as stack, stack.redis() as client:
        for size in sizes:
            if total == sizes[0]:
                first_bytes = read_count(client).memory_bytes
            before = stack.cost()
            asyncio.run(submit_jobs(stack.address, size, name=f"{size}-{{}}".format))
            total += size
            stack.await_ended(total, timeout_s=_PATIENCE_S + size * _PATIENCE_PER_JOB_S)
            costs_ms[size] = 1000 * stack.cost().since(before).workers_s / size
        used_bytes = read_count(client).memory_bytes - first_bytes
        some = client.zrange(keys.JOBS, 0, _READINGS)
        text_bytes = mean([_text_bytes(client, str(one)) for one in some])
    return costs_ms, used_bytes / (total - sizes[0]) - text_bytes


def read_lists(sizes: tuple[int, ...]) -> dict[int, float]:
    """Return the median time of ``GET /jobs`` in seconds, by the number of stored jobs."""
    medians_s: dict[int, float] = {}
    stored = 0
    most = 2 * max(sizes)
    with Stack(workers=0, MAX_QUEUED_JOBS=most) as stack, requests.Session() as session:
        settings = load_settings(
            env_files=(), redis_url=stack.redis_server.url, max_queued_jobs=most
        )
        jobs = JobStore(connect(settings), settings)
        for size in sizes:
            for number in range(stored, size):
                _store(jobs, number)
            stored = size
            times_s = list(_time_lists(session, f"{stack.address}/jobs"))
            medians_s[size] = percentile(times_s, 50)
    return medians_s


def judge_cpu(costs_ms: Mapping[int, float]) -> Goal:
    """Compare the CPU per job of growing runs with the goal."""
    (first, *_, last) = sorted(costs_ms)
    change = costs_ms[last] / costs_ms[first] - 1
    return Goal(
        f"CPU per job, from {first} to {last} jobs",
        f"flat, ± {100 * _MOST_CHANGE:.0f} %",
        ", ".join(f"{size}: {cost:.1f} ms" for size, cost in sorted(costs_ms.items())),
        f"{100 * change:+.0f} %",
        at_most(change, _MOST_CHANGE),
    )


def judge_bytes(bytes_per_job: float) -> Goal:
    """Compare the size of a finished job in Redis with the goal."""
    return Goal(
        "Redis memory of a finished job, without its text",
        f"≤ {_MOST_BYTES / 1000:g} kB",
        f"{bytes_per_job / 1000:.1f} kB",
        "",
        at_most(bytes_per_job, _MOST_BYTES),
    )


def judge_list(medians_s: Mapping[int, float]) -> Goal:
    """Compare the time of a list with the goal."""
    (first, *_, last) = sorted(medians_s)
    change = medians_s[last] / medians_s[first] - 1
    figures = (f"{size}: {1000 * value:.1f} ms" for size, value in sorted(medians_s.items()))
    return Goal(
        f"`GET /jobs`, from {first} to {last} stored jobs",
        "flat",
        ", ".join(figures),
        f"{100 * change:+.0f} %",
        Verdict.REACHED if change <= _MOST_CHANGE else Verdict.MISSED,
    )


def _text_bytes(client: Redis, job_id: str) -> int:
    """Return the size of a job's text; the history, which is stored with it, is removed."""
    client.hdel(keys.result(job_id), "history")
    return client.memory_usage(keys.result(job_id), samples=0) or 0


def _store(jobs: JobStore, number: int) -> None:
    job_id, request = f"{number:016x}", JobRequest(Source(f"http://video.test/{number}"))
    jobs.create(job_id, request, derive_work_keys(job_id, request, is_shared=False))


def _time_lists(session: requests.Session, url: str) -> Iterator[float]:
    for _ in range(_READINGS):
        began = time.perf_counter()
        session.get(url, timeout=_TIMEOUT_S).raise_for_status()
        yield time.perf_counter() - began


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--stored", type=int, nargs="+", default=STORED)
    options = parser.parse_args()
    print(as_table(measure(tuple(options.sizes), tuple(options.stored))))


if __name__ == "__main__":
    main()
