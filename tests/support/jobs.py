"""Jobs and settings for tests without Redis."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from orchestrator.domain.job import Job, JobOptions, JobRequest, JobStatus, StageRecord
from orchestrator.domain.pipeline import STAGES
from orchestrator.domain.sources import Source
from orchestrator.settings import Settings, load_settings

__all__ = ["NOW", "URL", "make_job", "make_request", "make_settings", "with_stage"]

NOW = datetime(2025, 10, 29, 10, 0, 0, 123_000, tzinfo=UTC)
URL = "https://www.youtube.com/watch?v=dQw4w9WgXcQ"


def make_settings(**overrides: Any) -> Settings:
    """Return settings without any `.env` file, by the names of their fields."""
    return load_settings(env_files=(), **overrides)


def make_request(*, url: str = URL, options: JobOptions | None = None, **facts: Any) -> JobRequest:
    """Return a client's request."""
    return JobRequest(source=Source(url), options=options or JobOptions(), **facts)


def make_job(stage: str = "download", **facts: Any) -> Job:
    """Return a job in a stage, with 30 minutes for the stage and 60 in total."""
    job = Job(
        job_id="a1b2c3d4e5f60718",
        request=make_request(),
        status=JobStatus.QUEUED,
        stage=stage,
        stages={one.name: StageRecord(work=f"work of {one.name}") for one in STAGES},
        created_at=NOW,
        updated_at=NOW,
        job_limit_s=3600.0,
        stage_limit_s=1800.0,
    )
    return replace(job, **facts)


def with_stage(job: Job, name: str, **facts: Any) -> Job:
    """Return the job with changed fields of one stage."""
    return replace(job, stages={**job.stages, name: replace(job.stages[name], **facts)})
