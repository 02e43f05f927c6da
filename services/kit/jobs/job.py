"""A job as its Redis hash keeps it and as callers see it: pure."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Json

from foundation.logins import hide_logins

PROGRESS_STEP = 5
"""Percentage points that a waiting caller is told of; smaller ones would wake it for little."""


class Status(StrEnum):
    """The statuses that the kit gives; while it runs, a work shows words of its own."""

    QUEUED = "queued"  # no worker has begun
    PROCESSING = "processing"  # begun, and the work has given no word yet
    COMPLETED = "completed"  # terminal: the artifact can be downloaded
    FAILED = "failed"  # terminal: error, error_code and retryable say why
    CANCELLED = "cancelled"  # terminal: somebody asked for it


TERMINAL = frozenset({Status.COMPLETED, Status.FAILED, Status.CANCELLED})


class Job(BaseModel):
    """One submission and what became of it."""

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
    """The run that works on it, or whose results it has."""
    used_at: str | None = None
    """When its file was last asked for."""
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
        """Return whether the job has ended and never changes again."""
        return self.status in TERMINAL

    def to_object(self) -> dict[str, Any]:
        """Return the job as callers see it."""
        body = self.model_dump(exclude={"tag", "owner", "used_at", "upload_name", "traceparent"})
        body["options"] = {
            name: hide_logins(value) if isinstance(value, str) else value
            for name, value in self.options.items()
        }
        return {"id": self.id, "job_id": self.id, **body}


def encode_fields(fields: Mapping[str, Any]) -> list[str]:
    """Return fields as Redis takes them: names and texts in turn, without what is unknown."""
    encoded: list[str] = []
    for name, value in fields.items():
        if value is not None:
            encoded += [name, value if isinstance(value, str) else json.dumps(value)]
    return encoded


def make_tag(status: str, progress: float) -> str:
    """Return what a waiting caller compares: the status and the progress in steps."""
    return f"{status}-{int(progress // PROGRESS_STEP) * PROGRESS_STEP}"


def clamp_progress(progress: float) -> float:
    """Return a percentage that every caller reads alike.

    A value of up to 1 may be read as a fraction, where 1 means done; so it is shown as 0.
    """
    bounded = round(min(max(progress, 0.0), 100.0), 1)
    return bounded if bounded > 1 else 0.0


def format_instant(instant: datetime) -> str:
    """Return a UTC time with milliseconds and ``Z``."""
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def now() -> str:
    """Return the present time as jobs show it."""
    return format_instant(datetime.now(UTC))
