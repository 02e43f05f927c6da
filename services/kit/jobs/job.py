"""A job, as stored in its Redis hash and as returned to clients. Pure."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Json

from foundation.logins import hide_logins

PROGRESS_STEP = 5
"""Percentage points of progress that wake a waiting client; smaller steps wake it too often."""


class Status(StrEnum):
    """The statuses that the kit sets; a running work may report others."""

    QUEUED = "queued"  # no worker has started it
    PROCESSING = "processing"  # started, before the work reports a status of its own
    COMPLETED = "completed"  # terminal: the artifact can be downloaded
    FAILED = "failed"  # terminal: see error, error_code and retryable
    CANCELLED = "cancelled"  # terminal: on request


TERMINAL = frozenset({Status.COMPLETED, Status.FAILED, Status.CANCELLED})


class Job(BaseModel):
    """One submission and its result."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str
    status: str
    progress: float
    tag: str
    created_at: str
    updated_at: str
    completed_at: str | None = None
    options: Json[dict[str, Any]] = {}
    details: Json[dict[str, Any]] = {}
    owner: str = ""
    """The token of the run that works on it, or that made its result."""
    used_at: str | None = None
    """When its file was last downloaded."""
    upload_name: str | None = None
    traceparent: str | None = None
    """The trace that the submission belongs to (W3C Trace Context)."""
    filename: str | None = None
    media_type: str | None = None
    size_bytes: int | None = None
    sha256: str | None = None
    adler32: str | None = None
    error: str | None = None
    error_code: str | None = None
    retryable: bool | None = None

    @property
    def is_terminal(self) -> bool:
        """Return whether the job has ended and will never change."""
        return self.status in TERMINAL

    def to_object(self) -> dict[str, Any]:
        """Return the job as clients see it."""
        body = self.model_dump(exclude={"tag", "owner", "used_at", "upload_name", "traceparent"})
        body["options"] = {
            name: hide_logins(value) if isinstance(value, str) else value
            for name, value in self.options.items()
        }
        return {"id": self.id, "job_id": self.id, **body}


def encode_fields(fields: Mapping[str, Any]) -> list[str]:
    """Return the arguments of HSET: names and encoded values in turn, without `None` values."""
    encoded: list[str] = []
    for name, value in fields.items():
        if value is not None:
            encoded += [name, value if isinstance(value, str) else json.dumps(value)]
    return encoded


def make_tag(status: str, progress: float) -> str:
    """Return the ETag of a job: its status and its progress in steps."""
    return f"{status}-{int(progress // PROGRESS_STEP) * PROGRESS_STEP}"


def clamp_progress(progress: float) -> float:
    """Return a percentage that no client can mistake for a fraction.

    A client may read values up to 1 as fractions, where 1 means done; they become 0.
    """
    bounded = round(min(max(progress, 0.0), 100.0), 1)
    return bounded if bounded > 1 else 0.0


def format_instant(instant: datetime) -> str:
    """Return a UTC time with milliseconds and ``Z``."""
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def now() -> str:
    """Return the current time in the format of jobs."""
    return format_instant(datetime.now(UTC))
