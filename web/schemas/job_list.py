"""Schemas of ``GET /jobs``."""

import re
from collections.abc import Sequence
from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from orchestrator.domain.job import Job, JobStatus
from orchestrator.store.jobs import Cursor
from web.schemas.jobs import Moment

__all__ = ["JobList", "JobListQuery", "JobSummary", "decode_cursor", "encode_cursor"]

_CURSOR_PATTERN: Final = r"^[0-9]{1,15}-[0-9a-f]{16}$"
_METADATA_PATTERN: Final = r"^[^:]{1,40}:.{0,500}$"


def _validate_cursor(text: str) -> str:
    if not re.fullmatch(_CURSOR_PATTERN, text):
        raise PydanticCustomError("cursor", "must be the `next_cursor` of a previous page")
    return text


def _validate_metadata(text: str) -> str:
    if not re.fullmatch(_METADATA_PATTERN, text):
        raise PydanticCustomError(
            "metadata_filter",
            "must be `key:value`, with a key of 1 to 40 and a value of up to 500 characters",
        )
    return text


class JobSummary(BaseModel):
    """A job in a list."""

    job_id: str
    youtube_url: str
    title: str | None = Field(description="Title of the video, once it is known.")
    status: JobStatus
    progress: float
    warning_count: int = Field(description="Number of the job's `warnings`.")
    created_at: Moment
    updated_at: Moment

    @classmethod
    def of(cls, job: Job) -> "JobSummary":
        """Create from a job."""
        return cls(
            job_id=job.job_id,
            youtube_url=job.request.source.public_url,
            title=job.video.title if job.video else None,
            status=job.status,
            progress=job.overall_progress,
            warning_count=len(job.findings.warnings),
            created_at=job.created_at,
            updated_at=job.updated_at,
        )


class JobListQuery(BaseModel):
    """Query of ``GET /jobs``."""

    model_config = ConfigDict(frozen=True)

    limit: int = Field(50, ge=1, le=200, description="Maximum number of jobs to return.")
    status: JobStatus | None = Field(None, description="Return only jobs with this status.")
    metadata: (
        Annotated[
            str,
            AfterValidator(_validate_metadata),
            Field(json_schema_extra={"pattern": _METADATA_PATTERN}),
        ]
        | None
    ) = Field(None, description="Return only jobs with this metadata, as `key:value`.")
    cursor: (
        Annotated[
            str,
            AfterValidator(_validate_cursor),
            Field(json_schema_extra={"pattern": _CURSOR_PATTERN}),
        ]
        | None
    ) = Field(None, description="The `next_cursor` of the previous page.")


class JobList(BaseModel):
    """Response of ``GET /jobs``."""

    total: int = Field(description="Number of matching jobs on all pages.")
    jobs: Sequence[JobSummary]
    next_cursor: str | None = Field(
        description="Pass it as `cursor` to get the next page; `null` on the last page."
    )


def encode_cursor(cursor: Cursor | None) -> str | None:
    """Encode a list position as text."""
    return f"{cursor.created_ms}-{cursor.job_id}" if cursor else None


def decode_cursor(text: str) -> Cursor:
    """Decode the text of ``encode_cursor``."""
    created_ms, _, job_id = text.partition("-")
    return Cursor(int(created_ms), job_id)
