"""What the routes of batches take and answer."""

from collections.abc import Mapping, Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from orchestrator.domain.job import JobStatus
from orchestrator.store.batches import Batch
from orchestrator.store.playlists import Listing
from orchestrator.use_cases.batches import BatchStatus, BatchView, Item
from web.schemas.fields import SourceAddress
from web.schemas.jobs import Moment, PipelineOptions

__all__ = ["BatchAccepted", "BatchDetail", "BatchItem", "BatchRequest"]

_MOST_VIDEOS = 500  # with a job of 3 kB each, one request costs Redis 1.5 MB at the most


class BatchRequest(PipelineOptions):
    """The body of ``POST /batches``: the options hold for every video."""

    model_config = ConfigDict(
        json_schema_extra={
            "oneOf": [{"required": ["youtube_urls"]}, {"required": ["playlist_url"]}]
        }
    )

    youtube_urls: tuple[SourceAddress, ...] = Field(
        default_factory=tuple, min_length=1, max_length=_MOST_VIDEOS, description="The videos."
    )
    playlist_url: SourceAddress = Field(
        default_factory=str,
        description="Instead of them: a playlist or a channel, of which the first "
        "`MAX_BATCH_ITEMS` videos are taken.",
        examples=["https://www.youtube.com/playlist?list=PLrAXtmErZgOeiKm4sgNOknGvNjby9efdf"],
    )


class BatchAccepted(BaseModel):
    """The answer to ``POST /batches``."""

    batch_id: str
    status: Literal["listing", "running"]
    total: int = Field(description="Its videos; 0 while its playlist is listed.")

    @classmethod
    def of(cls, batch: Batch) -> "BatchAccepted":
        """Show a batch that was just accepted."""
        status: Literal["listing", "running"] = "listing" if batch.listing else "running"
        return cls(batch_id=batch.batch_id, status=status, total=len(batch.sources))


class PlaylistDetail(BaseModel):
    """The playlist or channel that a batch is made of."""

    url: str
    title: str | None
    truncated: bool = Field(description="Whether it has more videos than the batch.")
    skipped: int = Field(description="Its entries that are not accepted as a source.")

    @classmethod
    def of(cls, listing: Listing) -> "PlaylistDetail":
        """Show what is known of a playlist."""
        return cls(
            url=listing.source.public_url,
            title=listing.title,
            truncated=listing.is_truncated,
            skipped=listing.skipped,
        )


class BatchItem(BaseModel):
    """One video of a batch."""

    youtube_url: str
    job_id: str
    status: JobStatus | None = Field(
        description="`null` before the job is submitted, and after it has expired."
    )
    progress: float
    warning_count: int = Field(description="How many `warnings` the job has.")
    error_code: str | None
    error_message: str | None

    @classmethod
    def of(cls, item: Item) -> "BatchItem":
        """Show an item."""
        job = item.job
        return cls(
            youtube_url=item.source.public_url,
            job_id=item.job_id,
            status=job.status if job else None,
            progress=job.overall_progress if job else 0.0,
            warning_count=len(job.findings.warnings) if job else 0,
            error_code=job.error_code if job else None,
            error_message=job.error_message if job else None,
        )


class BatchDetail(BaseModel):
    """The answer to ``GET /batches/{batch_id}``."""

    batch_id: str
    status: BatchStatus = Field(
        description="`listing` while its playlist is listed, `failed` if that came to nothing; "
        "`completed` when every job has ended, in whatever way."
    )
    created_at: Moment
    total: int = Field(description="Its videos; 0 while its playlist is listed.")
    playlist: PlaylistDetail | None = Field(
        description="What it is made of; `null` for a list of videos."
    )
    error_code: str | None = Field(description="Why the playlist could not be listed.")
    error_message: str | None
    counts: Mapping[str, int] = Field(description="Jobs by status.")
    items: Sequence[BatchItem]

    @classmethod
    def of(cls, view: BatchView) -> "BatchDetail":
        """Show a batch."""
        listing = view.batch.listing
        return cls(
            batch_id=view.batch.batch_id,
            status=view.status,
            created_at=view.batch.created_at,
            playlist=PlaylistDetail.of(listing) if listing else None,
            error_code=listing.error_code if listing else None,
            error_message=listing.error_message if listing else None,
            total=len(view.items),
            counts=view.counts,
            items=[BatchItem.of(item) for item in view.items],
        )
