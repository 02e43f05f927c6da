"""A client's own notes on a job: kept as they are, and jobs can be listed by them. Pure."""

import hashlib
import json
from collections.abc import Mapping

__all__ = ["tag", "tags"]


def tag(owner: str | None, key: str, value: str) -> str:
    """Return the name of the index of all jobs of one owner with this note.

    Args:
        owner: Whose jobs; ``None`` for everybody's.
        key: The note's key.
        value: Its value.
    """
    return hashlib.sha256(json.dumps([owner, key, value]).encode()).hexdigest()[:32]


def tags(owner: str, notes: Mapping[str, str]) -> list[str]:
    """Return the indexes that a job with these notes belongs in."""
    owners = [None, owner] if owner else [None]
    return [tag(one, key, value) for key, value in notes.items() for one in owners]
