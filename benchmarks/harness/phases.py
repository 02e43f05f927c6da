"""The durations of the phases of jobs, from their records. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from benchmarks.harness.percentiles import percentile

__all__ = ["as_table", "durations_of"]

_SHARES = (50, 95, 99, 100)
_STAGES = ("download", "normalization", "transcription")


def durations_of(job: Mapping[str, Any]) -> dict[str, float]:
    """Return the duration of each phase of a finished job, in seconds.

    Args:
        job: Its record from ``GET /jobs/{id}``. Skipped stages are left out.
    """
    return dict(_walk(job)) | {
        "from submission to end": _between(job["created_at"], job["completed_at"])
    }


def as_table(times_s: Mapping[str, Sequence[float]]) -> str:
    """Return a Markdown table with percentiles of the durations, in ms."""
    head = " | ".join("max" if share == _SHARES[-1] else f"p{share}" for share in _SHARES)
    lines = [f"| ms | count | {head} |", f"|---{'|---' * (len(_SHARES) + 1)}|"]
    for name, values in times_s.items():
        values_ms = (f"{1000 * percentile(values, share):.0f}" for share in _SHARES)
        lines.append(f"| {name} | {len(values)} | {' | '.join(values_ms)} |")
    return "\n".join(lines)


def _walk(job: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    before = job["created_at"]
    for name, stage in _passed(job):
        yield f"waiting for {name}", _between(before, stage["started_at"])
        yield name, _between(stage["started_at"], stage["completed_at"])
        before = stage["completed_at"]


def _passed(job: Mapping[str, Any]) -> Iterable[tuple[str, Mapping[str, Any]]]:
    stages = ((name, job["stages"][name]) for name in _STAGES)
    return ((name, stage) for name, stage in stages if stage.get("started_at"))


def _between(began: str, ended: str) -> float:
    moments = (datetime.fromisoformat(moment) for moment in (ended, began))
    return (next(moments) - next(moments)).total_seconds()
