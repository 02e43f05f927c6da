"""Measures the costs for the model of ``benchmarks.capacity``, and checks the model.

``python -m benchmarks.measure_costs`` writes ``benchmarks/costs.json``. With ``--check`` it runs
two independent workloads, and prints the predictions of the model and the measurements.
"""

import argparse
import asyncio
import json
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.fakes.job import JobPlan
from benchmarks.growth import run_sizes
from benchmarks.harness.capacity_model import Costs, Workload, needs_of
from benchmarks.harness.client import submit_jobs
from benchmarks.harness.own_run import run_own
from benchmarks.harness.runs import Run
from benchmarks.harness.services import FakeServices
from benchmarks.harness.stack import Stack

__all__ = ["COSTS_FILE", "measure_costs", "read_costs"]

COSTS_FILE = Path(__file__).with_name("costs.json")
_JOBS = 300
_LARGE_JOBS = 40
_LARGE_BYTES = 20_000_000
_MOVING_JOBS = 100
_MOVING_STAGE_S = 10.0  # slow enough to poll every step
_STEP = 5.0
_TURNS = 400
_CROWD = 800
_CROWD_STAGE_S = 8.0
_SIZES = (100, 600)
_PATIENCE_S = 180.0
_MIB = 1024 * 1024
_TRANSFERS = 2  # of downloader and normalizer
_STAGES = 3


@dataclass(frozen=True)
class Trial:
    """A workload to check the model with."""

    name: str
    jobs: int
    plan: JobPlan
    artifact_bytes: int


TRIALS = (
    Trial("5 MB, ten steps of progress", 200, JobPlan(3.0, progress_step=10.0), 5_000_000),
    Trial("1,200 at once, 15 s a stage", 1200, JobPlan(15.0), 100_000),
)


def read_costs() -> Costs:
    """Return the last measurement."""
    return Costs(**json.loads(COSTS_FILE.read_text()))


def measure_costs() -> Costs:
    """Measure each cost separately."""
    plain, few_polls = _run(_JOBS, JobPlan())
    moving, many_polls = _run(_MOVING_JOBS, JobPlan(_MOVING_STAGE_S, progress_step=_STEP))
    large, _ = _run(_LARGE_JOBS, JobPlan(), _LARGE_BYTES)
    worker_bytes, turn_bytes = _measure_memory()
    more_polls = many_polls - few_polls
    more_mib = _TRANSFERS * _LARGE_BYTES / _MIB
    _, finished_bytes = run_sizes(_SIZES)
    return Costs(
        worker_ms_per_job=plain.cpu_ms_per_job,
        api_ms_per_job=plain.api_ms_per_job,
        redis_ms_per_job=plain.redis_ms_per_job,
        worker_ms_per_poll=(moving.cpu_ms_per_job - plain.cpu_ms_per_job) / more_polls,
        redis_ms_per_poll=(moving.redis_ms_per_job - plain.redis_ms_per_job) / more_polls,
        worker_ms_per_mib=max(0.0, large.cpu_ms_per_job - plain.cpu_ms_per_job) / more_mib,
        worker_bytes=worker_bytes,
        turn_bytes=turn_bytes,
        finished_bytes=finished_bytes,
    )


def check(costs: Costs) -> list[str]:
    """Return a Markdown table with the prediction and the measurement of each trial."""
    lines = [
        "| | CPU of workers, s: model | measured | Redis, s: model | measured |",
        "|---|---|---|---|---|",
    ]
    for trial in TRIALS:
        run, _ = _run(trial.jobs, trial.plan, trial.artifact_bytes)
        says = needs_of(_as_workload(trial), costs)
        seconds = trial.jobs / says.jobs_per_s
        cells = (
            trial.name,
            f"{says.worker_cores * seconds:.1f}",
            f"{run.cpu_s:.1f}",
            f"{says.redis_cores * seconds:.2f}",
            f"{run.redis_cpu_s:.2f}",
        )
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def _as_workload(trial: Trial) -> Workload:
    return Workload(
        jobs_per_day=trial.jobs,
        peak=1.0,
        work_s=_STAGES * trial.plan.stage_s,
        audio_mib=_TRANSFERS * trial.artifact_bytes / _MIB,
        progress_polls=_STAGES * (100 / trial.plan.progress_step - 1),
        polls_per_minute=0.0,  # shorter than the wait of a poll
    )


def _run(jobs: int, plan: JobPlan, artifact_bytes: int = 100_000) -> tuple[Run, float]:
    """Run jobs and return their cost and the polls per job."""
    with FakeServices(plan, artifact_bytes=artifact_bytes) as services:
        run = run_own(services, jobs, turns=max(_TURNS, jobs))
        return run, services.counts()["polls"] / jobs


def _measure_memory() -> tuple[float, float]:
    """Return the memory of idle workers and beat, and the memory per turn."""
    plan = JobPlan(_CROWD_STAGE_S)
    with FakeServices(plan) as services, Stack(services, turns=_CROWD) as stack:
        idle_bytes = stack.workers_peak_bytes()
        asyncio.run(submit_jobs(stack.address, _CROWD))
        stack.await_ended(_CROWD, timeout_s=_PATIENCE_S)
        return idle_bytes, (stack.workers_peak_bytes() - idle_bytes) / _CROWD


def main() -> None:
    """Measure and write, or check."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="check the model with other runs")
    if parser.parse_args().check:
        print("\n".join(check(read_costs())))
        return
    rounded = {name: round(value, 3) for name, value in asdict(measure_costs()).items()}
    COSTS_FILE.write_text(json.dumps(rounded, indent=2) + "\n")
    print(COSTS_FILE.read_text())


if __name__ == "__main__":
    main()
