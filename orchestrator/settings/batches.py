"""The part of the settings that bounds batches."""

from pydantic import Field
from pydantic_settings import BaseSettings

__all__ = ["BatchSettings"]


class BatchSettings(BaseSettings):
    """How much one batch may hold."""

    max_batch_items: int = Field(
        500,
        ge=1,
        le=10_000,
        description="Most videos of one batch. Of a playlist or a channel with more, the first "
        "ones are taken; its service lists `MAX_PLAYLIST_ITEMS` at the most. Each is a job of "
        "about 3 kB in Redis.",
    )
