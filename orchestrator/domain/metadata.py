"""Names of the indexes that list jobs by their metadata. Pure."""

import hashlib
import json
from collections.abc import Mapping

__all__ = ["tag", "tags"]


def tag(owner: str | None, key: str, value: str) -> str:
    """Return the name of the index of an owner's jobs with this metadata entry.

    Args:
        owner: The owner; ``None`` for all jobs.
        key: The entry's key.
        value: The entry's value.
    """
    return hashlib.sha256(json.dumps([owner, key, value]).encode()).hexdigest()[:32]


def tags(owner: str, metadata: Mapping[str, str]) -> list[str]:
    """Return the names of all indexes of a job with this metadata."""
    owners = [None, owner] if owner else [None]
    return [tag(one, key, value) for key, value in metadata.items() for one in owners]
