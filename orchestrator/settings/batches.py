"""Settings of batches."""

from pydantic import Field
from pydantic_settings import BaseSettings

__all__ = ["BatchSettings"]


class BatchSettings(BaseSettings):
    """Limits of a batch."""

    max_batch_items: int = Field(
        500,
        ge=1,
        le=10_000,
        description="Maximum number of videos per batch. Of a longer playlist or channel, the "
        "first ones are used; the service returns at most `MAX_PLAYLIST_ITEMS`. Each is a job of "
        "about 3 kB in Redis.",
    )
