"""Schemas of the batch routes."""

from collections.abc import Mapping, Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from orchestrator.domain.job import JobStatus
from orchestrator.store.batches import Batch
from orchestrator.store.playlists import PlaylistRecord
from orchestrator.use_cases.batches import BatchStatus, BatchView, Item
from web.schemas.fields import SourceUrl
from web.schemas.jobs import Moment, PipelineOptions

__all__ = ["BatchAccepted", "BatchDetail", "BatchItem", "BatchRequest"]

_MAX_VIDEOS = 500  # at 3 kB per job, one request takes at most 1.5 MB of Redis


class BatchRequest(PipelineOptions):
    """Body of ``POST /batches``. The options apply to every video."""

    model_config = ConfigDict(
        json_schema_extra={
            "oneOf": [{"required": ["youtube_urls"]}, {"required": ["playlist_url"]}]
        }
    )

    youtube_urls: tuple[SourceUrl, ...] = Field(
        default_factory=tuple,
        min_length=1,
        max_length=_MAX_VIDEOS,
        description="The URLs of the videos.",
    )
    playlist_url: SourceUrl = Field(
        default_factory=str,
        description="The URL of a playlist or channel, instead of `youtube_urls`. The batch "
        "contains its first `MAX_BATCH_ITEMS` videos.",
        examples=["https://www.youtube.com/playlist?list=PLrAXtmErZgOeiKm4sgNOknGvNjby9efdf"],
    )


class BatchAccepted(BaseModel):
    """Response of ``POST /batches``."""

    batch_id: str
    status: Literal["listing", "running"]
    total: int = Field(description="Number of videos; 0 while the playlist is being listed.")

    @classmethod
    def of(cls, batch: Batch) -> "BatchAccepted":
        """Create from an accepted batch."""
        status: Literal["listing", "running"] = "listing" if batch.playlist else "running"
        return cls(batch_id=batch.batch_id, status=status, total=len(batch.sources))


class PlaylistDetail(BaseModel):
    """The playlist or channel of a batch."""

    url: str
    title: str | None
    truncated: bool = Field(description="Whether the playlist has more videos than the batch.")
    skipped: int = Field(description="Number of entries whose source is not accepted.")

    @classmethod
    def of(cls, listing: PlaylistRecord) -> "PlaylistDetail":
        """Create from a listing."""
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
        description="`null` until the job is submitted, and after it has expired."
    )
    progress: float
    warning_count: int = Field(description="Number of the job's `warnings`.")
    error_code: str | None
    error_message: str | None

    @classmethod
    def of(cls, item: Item) -> "BatchItem":
        """Create from a batch item."""
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
    """Response of ``GET /batches/{batch_id}``."""

    batch_id: str
    status: BatchStatus = Field(
        description="`listing` while the playlist is read, `failed` if it could not be read, "
        "`completed` once every job is completed, failed or cancelled."
    )
    created_at: Moment
    total: int = Field(description="Number of videos; 0 while the playlist is being listed.")
    playlist: PlaylistDetail | None = Field(
        description="The source of the batch; `null` for a list of videos."
    )
    error_code: str | None = Field(description="Why the playlist could not be read.")
    error_message: str | None
    counts: Mapping[str, int] = Field(description="Number of jobs by status.")
    items: Sequence[BatchItem]

    @classmethod
    def of(cls, view: BatchView) -> "BatchDetail":
        """Create from a batch and its jobs."""
        listing = view.batch.playlist
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
