"""What `GET /jobs` takes and answers."""

import re
from collections.abc import Sequence
from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from orchestrator.domain.job import Job, JobStatus
from orchestrator.store.jobs import Cursor
from web.schemas.jobs import Moment

__all__ = ["JobList", "JobListQuery", "JobSummary", "read_cursor", "write_cursor"]

_CURSOR_PATTERN: Final = r"^[0-9]{1,15}-[0-9a-f]{16}$"
_NOTE_PATTERN: Final = r"^[^:]{1,40}:.{0,500}$"


def _a_cursor(word: str) -> str:
    if not re.fullmatch(_CURSOR_PATTERN, word):
        raise PydanticCustomError("cursor", "is not the `next_cursor` of a page before")
    return word


def _a_note(text: str) -> str:
    if not re.fullmatch(_NOTE_PATTERN, text):
        raise PydanticCustomError(
            "note", "must be `key:value`, the key of 1 to 40 characters, the value of at most 500"
        )
    return text


class JobSummary(BaseModel):
    """One job in a list."""

    job_id: str
    youtube_url: str
    title: str | None = Field(description="The video's, once it is known.")
    status: JobStatus
    progress: float
    warning_count: int = Field(description="How many `warnings` the job has.")
    created_at: Moment
    updated_at: Moment

    @classmethod
    def of(cls, job: Job) -> "JobSummary":
        """Show a job in short."""
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
    """The query of ``GET /jobs``."""

    model_config = ConfigDict(frozen=True)

    limit: int = Field(50, ge=1, le=200)
    status: JobStatus | None = None
    metadata: (
        Annotated[str, AfterValidator(_a_note), Field(json_schema_extra={"pattern": _NOTE_PATTERN})]
        | None
    ) = Field(None, description="Only jobs with this `key:value`.")
    cursor: (
        Annotated[
            str, AfterValidator(_a_cursor), Field(json_schema_extra={"pattern": _CURSOR_PATTERN})
        ]
        | None
    ) = Field(None, description="`next_cursor` of the page before.")


class JobList(BaseModel):
    """The answer to ``GET /jobs``."""

    total: int = Field(description="All jobs that match, on whatever page.")
    jobs: Sequence[JobSummary]
    next_cursor: str | None = Field(description="`null` on the last page.")


def write_cursor(cursor: Cursor | None) -> str | None:
    """Return a place in a list as one word."""
    return f"{cursor.created_ms}-{cursor.job_id}" if cursor else None


def read_cursor(word: str) -> Cursor:
    """Return the place that a word of ``write_cursor`` stands for."""
    created_ms, _, job_id = word.partition("-")
    return Cursor(int(created_ms), job_id)
