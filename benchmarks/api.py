"""Throughput and latency of the API: submissions in a closed and an open loop, and reads.

Authorization and rate limits are enabled; the limits are not reached. No worker runs during
submissions: ``benchmarks.cpu`` measures the cost of jobs. Results are medians of several rounds.
"""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from statistics import median
from typing import Any

from benchmarks.fakes.job import JobPlan
from benchmarks.harness import wrk
from benchmarks.harness.client import submit_at_rate, submit_jobs
from benchmarks.harness.goals import Goal, Verdict, as_table, at_least, at_most
from benchmarks.harness.percentiles import percentile
from benchmarks.harness.services import FakeServices
from benchmarks.harness.stack import Stack
from orchestrator.domain.access import make_key
from tools.waiting import wait_until

__all__ = ["measure"]

DURATION_S = 10
ROUNDS = 3
API_PROCESSES = 2
_CLIENTS = 50
_RATE_PER_S = 200
_LEAST_SUBMITTED_PER_S = 600
_MOST_P99_S = 0.05
_LEAST_READ_PER_S = 1000
_HIGH_LIMIT = "1000000000 per minute"
_LONG = JobPlan(stage_s=3600)
_START_TIMEOUT_S = 30.0


def measure(duration_s: int = DURATION_S, *, rounds: int = ROUNDS) -> list[Goal]:
    """Measure submissions and reads in several rounds.

    Raises:
        FileNotFoundError: wrk is not installed.
    """
    if not wrk.is_there():
        raise FileNotFoundError("wrk is not on PATH; on Debian and Ubuntu: apt install wrk")
    secret, key = make_key("benchmark", ["submit", "read"])
    access: dict[str, Any] = {
        "API_KEYS": key,
        "RATE_LIMIT_SUBMIT": _HIGH_LIMIT,
        "RATE_LIMIT_READ": _HIGH_LIMIT,
    }
    with Stack(workers=0, api_processes=API_PROCESSES, **access) as stack:
        submitted = [_submit_fast(stack, secret, duration_s, number) for number in range(rounds)]
        latencies_s = [
            _submit_steadily(stack, secret, duration_s, number) for number in range(rounds)
        ]
    with (
        FakeServices(_LONG) as services,
        Stack(services, api_processes=API_PROCESSES, **access) as stack,
    ):
        read = _read_fast(stack, secret, duration_s, rounds)
    return judge(wrk.middle(submitted), latencies_s, wrk.middle(read))


def judge(
    submitted: wrk.Answered, latencies_s: Sequence[Sequence[float]], read: wrk.Answered
) -> list[Goal]:
    """Compare the measurements with the goals; latencies are per round."""
    p50_s, p99_s = (median(percentile(one, part) for one in latencies_s) for part in (50, 99))
    return [
        _judge_rate(f"POST /pipeline, {_CLIENTS} clients", submitted, _LEAST_SUBMITTED_PER_S),
        Goal(
            f"POST /pipeline, open loop of {_RATE_PER_S}/s",
            f"p99 ≤ {1000 * _MOST_P99_S:.0f} ms",
            f"p99 {1000 * p99_s:.0f} ms",
            f"p50 {1000 * p50_s:.0f} ms",
            at_most(p99_s, _MOST_P99_S),
        ),
        _judge_rate("GET /jobs/{id} of a running job", read, _LEAST_READ_PER_S),
    ]


def _submit_fast(stack: Stack, secret: str, duration_s: int, number: int) -> wrk.Answered:
    return wrk.run_wrk(
        f"{stack.address}/pipeline",
        clients=_CLIENTS,
        duration_s=duration_s,
        headers={"Authorization": f"Bearer {secret}"},
        submits=f"fast-{number}",
    )


def _submit_steadily(stack: Stack, secret: str, duration_s: int, number: int) -> list[float]:
    name = f"steady-{number}"
    return asyncio.run(submit_at_rate(stack.address, _RATE_PER_S, duration_s, secret, name=name))


def _read_fast(stack: Stack, secret: str, duration_s: int, rounds: int) -> list[wrk.Answered]:
    (job,) = asyncio.run(submit_jobs(stack.address, 1, key=secret))
    url = f"{stack.address}/jobs/{job.job_id}"
    with stack.redis() as client:
        wait_until(
            lambda: client.hget(f"orchestrator:job:{job.job_id}", "status") == "downloading",
            timeout_s=_START_TIMEOUT_S,
            what="a running job",
        )
    headers = {"Authorization": f"Bearer {secret}"}
    return [
        wrk.run_wrk(url, clients=_CLIENTS, duration_s=duration_s, headers=headers)
        for _ in range(rounds)
    ]


def _judge_rate(what: str, answered: wrk.Answered, least_per_s: float) -> Goal:
    reached = at_least(answered.per_s, least_per_s)
    return Goal(
        what,
        f"≥ {least_per_s}/s",
        f"{answered.per_s:.0f}/s",
        f"p99 {1000 * answered.p99_s:.0f} ms, {answered.refused} errors",
        Verdict.MISSED if answered.refused else reached,
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--duration-s", type=int, default=DURATION_S)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    options = parser.parse_args()
    try:
        print(as_table(measure(options.duration_s, rounds=options.rounds)))
    except FileNotFoundError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
