"""The cost of a number of jobs on one engine."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks.harness.percentiles import percentile

__all__ = ["Run", "as_lines", "middle"]

_MB = 1_000_000


@dataclass(frozen=True)
class Run:
    """One engine's measurements."""

    name: str
    jobs: int
    cpu_s: float
    """User and system time of the workers, in seconds."""
    overheads_s: Sequence[float]
    """Duration of each job minus the work of the services, in seconds."""
    memory_bytes: int
    """Peak memory of the workers."""
    api_cpu_s: float = 0.0
    redis_cpu_s: float = 0.0

    @property
    def cpu_ms_per_job(self) -> float:
        """CPU of the workers per job."""
        return 1000 * self.cpu_s / self.jobs

    @property
    def api_ms_per_job(self) -> float:
        """CPU of the API per job."""
        return 1000 * self.api_cpu_s / self.jobs

    @property
    def redis_ms_per_job(self) -> float:
        """CPU of Redis per job."""
        return 1000 * self.redis_cpu_s / self.jobs

    @property
    def overhead_p50_s(self) -> float:
        """The median overhead."""
        return percentile(self.overheads_s, 50)


def middle(runs: Sequence[Run]) -> Run:
    """Merge equal runs: median costs, maximum memory.

    The overheads are those of the run with the median overhead; of an even number of runs, those
    of the slower one.
    """
    by_overhead = sorted(runs, key=lambda run: run.overhead_p50_s)
    return Run(
        runs[0].name,
        runs[0].jobs,
        median(run.cpu_s for run in runs),
        by_overhead[len(runs) // 2].overheads_s,
        max(run.memory_bytes for run in runs),
        api_cpu_s=median(run.api_cpu_s for run in runs),
        redis_cpu_s=median(run.redis_cpu_s for run in runs),
    )


def as_lines(runs: Sequence[Run]) -> str:
    """Return a Markdown table with one line per run."""
    head = [
        "| | jobs | CPU ms/job | API ms/job | Redis ms/job | overhead p50 / p99 s | memory MB |",
        "|---|---|---|---|---|---|---|",
    ]
    return "\n".join([*head, *map(_as_line, runs)])


def _as_line(run: Run) -> str:
    cells = (
        run.name,
        str(run.jobs),
        f"{run.cpu_ms_per_job:.1f}",
        f"{run.api_ms_per_job:.1f}",
        f"{run.redis_ms_per_job:.1f}",
        f"{run.overhead_p50_s:.2f} / {percentile(run.overheads_s, 99):.2f}",
        f"{run.memory_bytes / _MB:.0f}",
    )
    return f"| {' | '.join(cells)} |"
