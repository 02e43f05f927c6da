"""Batches, as the API tells of them."""

from collections.abc import Mapping, Sequence

from ytcaption.answers import Answer, Moment
from ytcaption.logins import ShownUrl

__all__ = ["Batch", "BatchItem", "BatchSubmission"]


class BatchSubmission(Answer):
    """A batch that was accepted."""

    batch_id: str
    status: str
    total: int
    """Its videos; 0 while its playlist is listed."""


class BatchItem(Answer):
    """One video of a batch."""

    youtube_url: ShownUrl
    job_id: str
    status: str | None = None
    """Its job's; nothing before the job is submitted, and after it has expired."""
    progress: float = 0.0
    warning_count: int = 0
    error_code: str | None = None
    error_message: str | None = None


class Batch(Answer):
    """What has become of a batch's videos."""

    batch_id: str
    status: str
    """``listing``, ``running``, ``completed``, ``failed`` or ``cancelled``."""
    created_at: Moment
    total: int
    counts: Mapping[str, int]
    """Jobs by status."""
    items: Sequence[BatchItem]
    error_code: str | None = None
    error_message: str | None = None
