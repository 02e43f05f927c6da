"""What ``GET /jobs/{job_id}/events`` answers where no stream is asked for."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict

from web.schemas.jobs import Moment

__all__ = ["EventEntry", "EventList"]


class EventEntry(BaseModel):
    """One entry of a job's history; what does not apply is left out."""

    model_config = ConfigDict(extra="allow")

    id: str
    at: Moment
    type: str


class EventList(BaseModel):
    """A job's history, oldest first."""

    job_id: str
    events: Sequence[EventEntry]

    @classmethod
    def of(cls, job_id: str, entries: Sequence[Mapping[str, Any]]) -> "EventList":
        """Show a history."""
        return cls(job_id=job_id, events=[EventEntry(**entry) for entry in entries])
