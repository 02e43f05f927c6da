"""What a number of jobs cost on one engine."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks.harness.figures import percentile

__all__ = ["Run", "as_lines", "middle"]

_MB = 1_000_000


@dataclass(frozen=True)
class Run:
    """One engine's measurements."""

    name: str
    jobs: int
    cpu_s: float
    """Of what does the work, in seconds of user and system time."""
    overheads_s: Sequence[float]
    """What each job took beyond the work of the services, in seconds."""
    memory_bytes: int
    """Of what does the work, at its peak."""
    api_cpu_s: float = 0.0
    redis_cpu_s: float = 0.0

    @property
    def cpu_ms_per_job(self) -> float:
        """CPU of what does the work, for one job."""
        return 1000 * self.cpu_s / self.jobs

    @property
    def api_ms_per_job(self) -> float:
        """CPU of the API for one job."""
        return 1000 * self.api_cpu_s / self.jobs

    @property
    def redis_ms_per_job(self) -> float:
        """CPU of Redis for one job."""
        return 1000 * self.redis_cpu_s / self.jobs

    @property
    def overhead_p50_s(self) -> float:
        """The median overhead."""
        return percentile(self.overheads_s, 50)


def middle(runs: Sequence[Run]) -> Run:
    """Return one run of several alike: the medians of what they cost, the most memory.

    Its overheads are those of the run whose own median is in the middle; of an even number of
    runs, of the slower one.
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
    """Return a table in Markdown, one line for each run."""
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
