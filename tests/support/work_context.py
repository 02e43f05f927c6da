"""A job's context without the kit, to call a service's work directly."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from services.kit.work import JobCancelledError, JobContext
from tests.support.project import ROOT

SAMPLES = ROOT / "samples"


@dataclass
class RecordingReport:
    """Records the reports of the work, and cancels the job at a given status."""

    cancel_at: str | None = None
    progress: list[float] = field(default_factory=list)
    statuses: list[str | None] = field(default_factory=list)

    def __call__(
        self,
        progress: float,
        *,
        status: str | None = None,
        details: Mapping[str, Any] | None = None,  # noqa: ARG002 - part of the interface
    ) -> None:
        """Receive a report; see ``services.kit.work.Report``."""
        self.progress.append(progress)
        self.statuses.append(status)
        if status is not None and status == self.cancel_at:
            raise JobCancelledError


def make_context(
    work_dir: Path,
    upload: Path,
    options: Mapping[str, str] | None = None,
    *,
    report: RecordingReport | None = None,
) -> JobContext:
    """Return the context of a job for a file and its form fields."""
    work_dir.mkdir(parents=True, exist_ok=True)
    return JobContext(
        job_id="test_000000000000",
        options=options or {},
        work_dir=work_dir,
        report=report or RecordingReport(),
        upload=upload,
        upload_name=upload.name,
    )
