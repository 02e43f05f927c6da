"""The three fast fake services, each in its own process."""

import subprocess
import sys
from collections import Counter
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import requests

from benchmarks.fakes.job import JobPlan

__all__ = ["PROJECT", "FakeServices"]

PROJECT = Path(__file__).parents[2]
_ROLES = {
    "downloader": "VIDEO_DOWNLOADER_URL",
    "normalizer": "AUDIO_NORMALIZATION_URL",
    "transcriber": "AUDIO_TRANSCRIBER_URL",
}
_STOP_TIMEOUT_S = 10.0
_CALL_TIMEOUT_S = 60.0


class FakeServices:
    """Three services that run for the duration of the block.

    Args:
        plan: The behaviour of their jobs.
        artifact_bytes: Size of the artifacts of downloader and normalizer.
    """

    def __init__(self, plan: JobPlan | None = None, *, artifact_bytes: int = 100_000) -> None:
        self.plan = plan or JobPlan()
        self.urls: dict[str, str] = {}
        self._arguments = [
            f"--stage-s={self.plan.stage_s}",
            f"--spread={self.plan.spread}",
            f"--progress-step={self.plan.progress_step}",
            f"--artifact-bytes={artifact_bytes}",
            "--honours-wait" if self.plan.honours_wait else "--no-honours-wait",
            "--tags-submissions" if self.plan.tags_submissions else "--no-tags-submissions",
            "--tags-polls" if self.plan.tags_polls else "--no-tags-polls",
        ]
        self._processes: list[subprocess.Popen[str]] = []

    def work_s(self, jobs: int = 1) -> float:
        """Return the mean duration of the services' work per job, in seconds."""
        return self.plan.mean_s(jobs) * len(_ROLES)

    @property
    def variables(self) -> dict[str, str]:
        """Their URLs, as environment variables of the orchestrator."""
        return {_ROLES[role]: url for role, url in self.urls.items()}

    def counts(self) -> dict[str, int]:
        """Return the number of calls of each kind to all three."""
        total: Counter[str] = Counter()
        for role in self.urls:
            total.update(self.counts_of(role))
        return total

    def counts_of(self, role: str) -> dict[str, int]:
        """Return the number of calls of each kind to one of them."""
        answer = requests.get(f"{self.urls[role]}/counts", timeout=_CALL_TIMEOUT_S)
        counts: dict[str, int] = answer.json()
        return counts

    def resize_artifacts(self, size_bytes: int) -> None:
        """Change the size of further artifacts."""
        for url in self.urls.values():
            answer = requests.put(
                f"{url}/artifact-bytes", data=str(size_bytes), timeout=_CALL_TIMEOUT_S
            )
            answer.raise_for_status()

    def __enter__(self) -> Self:
        for role in _ROLES:
            self.urls[role] = self._start(role)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for process in self._processes:
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    stream.close()
            with suppress(subprocess.TimeoutExpired):
                process.wait(_STOP_TIMEOUT_S)
            process.kill()
            process.wait()

    def _start(self, role: str) -> str:
        command = [sys.executable, "-m", "benchmarks.fakes.service", "--role", role]
        process = subprocess.Popen(  # noqa: S603 - our own arguments
            [*command, *self._arguments],
            cwd=PROJECT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._processes.append(process)
        url = process.stdout.readline().strip() if process.stdout is not None else ""
        if not url:
            raise RuntimeError(f"the fake {role} did not start")
        return url
