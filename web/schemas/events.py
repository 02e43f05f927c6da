"""Schemas of ``GET /jobs/{job_id}/events`` as JSON."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from web.schemas.jobs import Moment

__all__ = ["EventEntry", "EventList"]


class EventEntry(BaseModel):
    """One event of a job; fields that do not apply are absent."""

    model_config = ConfigDict(extra="allow")

    id: str = Field(description="Send it as `Last-Event-ID` to resume a stream after this event.")
    at: Moment
    type: str = Field(description="For example `started`, `segment` or `completed`.")


class EventList(BaseModel):
    """The events of a job, oldest first."""

    job_id: str
    events: Sequence[EventEntry]

    @classmethod
    def of(cls, job_id: str, entries: Sequence[Mapping[str, Any]]) -> "EventList":
        """Create from a job's history."""
        return cls(job_id=job_id, events=[EventEntry(**entry) for entry in entries])
