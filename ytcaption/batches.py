"""Response models of batches."""

from collections.abc import Mapping, Sequence

from ytcaption.logins import PublicUrl
from ytcaption.models import ApiModel, Moment

__all__ = ["Batch", "BatchItem", "BatchSubmission"]


class BatchSubmission(ApiModel):
    """An accepted batch."""

    batch_id: str
    status: str
    total: int
    """The number of videos; 0 while the playlist is listed."""


class BatchItem(ApiModel):
    """One video of a batch."""

    youtube_url: PublicUrl
    job_id: str
    status: str | None = None
    """The job's status; ``None`` before it is submitted and after it has expired."""
    progress: float = 0.0
    warning_count: int = 0
    error_code: str | None = None
    error_message: str | None = None


class Batch(ApiModel):
    """A batch and its videos."""

    batch_id: str
    status: str
    """``listing``, ``running``, ``completed``, ``failed`` or ``cancelled``."""
    created_at: Moment
    total: int
    counts: Mapping[str, int]
    """The number of jobs by status."""
    items: Sequence[BatchItem]
    error_code: str | None = None
    error_message: str | None = None
