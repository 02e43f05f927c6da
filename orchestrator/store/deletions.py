"""Remote jobs that nobody needs any more, until their service has confirmed that they are gone."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from orchestrator.store import keys
from orchestrator.store.connection import Connection

__all__ = ["Deletion", "DeletionStore"]


@dataclass(frozen=True)
class Deletion:
    """A remote job to delete."""

    service: str
    instance: str
    remote_id: str
    member: str
    """The entry that stands for it in the store, as it was written there."""


class DeletionStore:
    """What is to be deleted, by the instant of the next try."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def due(self, *, limit: int, again_in_s: float) -> Sequence[Deletion]:
        """Return deletions whose time has come, and put their next try off.

        Args:
            limit: How many at the most.
            again_in_s: When they are due again unless they are confirmed before, in seconds.
        """
        now_ms = self._connection.now_ms()
        with self._connection.commands() as client:
            members = client.zrange(
                keys.DELETIONS, "-inf", now_ms, byscore=True, offset=0, num=limit
            )
            if members:
                later = now_ms + again_in_s * 1000
                client.zadd(keys.DELETIONS, dict.fromkeys(members, later), xx=True)
        return [_read(member) for member in members]

    def confirm(self, deletion: Deletion) -> None:
        """Strike a deletion off: its service does not have the job any more."""
        with self._connection.commands() as client:
            client.zrem(keys.DELETIONS, deletion.member)


def _read(member: str) -> Deletion:
    service, instance, remote_id = json.loads(member)
    return Deletion(service, instance, remote_id, member)
