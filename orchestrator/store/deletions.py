"""Remote jobs that are to be deleted, until their service has confirmed the deletion."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from orchestrator.store import keys
from orchestrator.store.connection import Connection
from orchestrator.store.scripts import DeletionRow

__all__ = ["Deletion", "DeletionStore"]


@dataclass(frozen=True)
class Deletion(DeletionRow):
    """A remote job to delete."""

    member: str
    """Its entry in the store, as written there."""


class DeletionStore:
    """Deletions, ordered by the time of the next attempt."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def take_due(self, *, limit: int, visibility_timeout_s: float) -> Sequence[Deletion]:
        """Return due deletions, and hide them for a while.

        Args:
            limit: The maximum number of deletions.
            visibility_timeout_s: Seconds until an unconfirmed deletion becomes due again.
        """
        now_ms = self._connection.now_ms()
        with self._connection.commands() as client:
            members = client.zrange(
                keys.DELETIONS, "-inf", now_ms, byscore=True, offset=0, num=limit
            )
            if members:
                later = now_ms + visibility_timeout_s * 1000
                client.zadd(keys.DELETIONS, dict.fromkeys(members, later), xx=True)
        return [Deletion(*[*json.loads(member), member]) for member in members]

    def confirm(self, deletion: Deletion) -> None:
        """Remove a deletion: the service no longer has the job."""
        with self._connection.commands() as client:
            client.zrem(keys.DELETIONS, deletion.member)
