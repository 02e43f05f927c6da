"""The downloader's work, called directly, with one job per URL."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from services.downloader.settings import DownloaderSettings
from services.downloader.timing import Timing
from services.downloader.work import run
from services.kit.work import Artifact, JobContext, WorkError


class QuickSettings(DownloaderSettings):
    """Settings with short pauses between attempts."""

    timing = Timing(
        max_retry_pause_s=0.01,
        probe_pauses_s=(0.01, 0.01),
        segment_pause_s=0.01,
        resume_pause_s=0.01,
    )


@dataclass
class Downloads:
    """Downloads URLs, one job each, and records the reports of the last job."""

    folder: Path
    details: dict[str, Any] = field(default_factory=dict)
    jobs: int = 0
    message: str = ""
    settings_type: type[DownloaderSettings] = QuickSettings

    def __call__(
        self, url: str, *, options: Mapping[str, str] | None = None, **settings: Any
    ) -> Artifact:
        """Download a URL.

        Args:
            url: What is submitted.
            options: Further fields of the submission.
            settings: Of the service.
        """
        self.jobs += 1
        work_dir = self.folder / f"job{self.jobs}"
        work_dir.mkdir()
        self.details = {}
        context = JobContext("job", {"url": url, **(options or {})}, work_dir, self._report)
        return run(context, self.settings_type(allow_private_addresses=True, **settings))

    def fail(self, url: str, **settings: Any) -> tuple[str, bool]:
        """Download a URL that must fail; return the code and whether it is retryable."""
        with pytest.raises(WorkError) as failure:
            self(url, **settings)
        self.message = failure.value.message
        return failure.value.code, failure.value.retryable

    def _report(
        self,
        progress: float,  # noqa: ARG002 - part of the interface
        *,
        status: str | None = None,  # noqa: ARG002 - part of the interface
        details: Mapping[str, Any] | None = None,
    ) -> None:
        self.details.update(details or {})
