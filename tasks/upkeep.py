"""Periodic tasks that Celery beat sends; each may be lost, repeated or late."""

from functools import cache

from celery import shared_task

from orchestrator.operating.upkeep import Upkeep
from orchestrator.use_cases.batches import Batches
from orchestrator.use_cases.jobs import Jobs
from orchestrator.use_cases.playlists import PlaylistLister
from orchestrator.use_cases.webhooks import Webhooks
from tasks.broker import announce_batch, announce_listing
from tasks.resources import connections, resources
from tasks.stages import enqueue

__all__ = [
    "delete_remote_jobs",
    "deliver_webhooks",
    "list_playlists",
    "remove_expired",
    "submit_batches",
    "sweep_uploads",
]


@shared_task(name="upkeep.remove_expired")
def remove_expired() -> int:
    """Remove expired jobs from the indexes."""
    return _upkeep().remove_expired()


@shared_task(name="upkeep.deliver_webhooks")
def deliver_webhooks() -> int:
    """Deliver the webhooks that are due."""
    return _webhooks().deliver_due()


@shared_task(name="upkeep.sweep_uploads")
def sweep_uploads() -> int:
    """Remove uploads whose jobs are gone."""
    return _upkeep().sweep_uploads()


@shared_task(name="upkeep.submit_batches")
def submit_batches() -> int:
    """Submit the jobs of pending batches."""
    return _batches().submit_pending()


@shared_task(name="upkeep.list_playlists")
def list_playlists() -> int:
    """List the playlists that batches are made from."""
    return _playlist_lister().list_due()


@shared_task(name="upkeep.delete_remote_jobs")
def delete_remote_jobs() -> int:
    """Delete remote jobs that are no longer needed."""
    return _upkeep().delete_remote_jobs()


@cache
def _upkeep() -> Upkeep:
    return Upkeep(connections())


@cache
def _webhooks() -> Webhooks:
    return Webhooks(connections())


@cache
def _batches() -> Batches:
    return Batches(connections(), Jobs(connections(), enqueue), announce_batch, announce_listing)


@cache
def _playlist_lister() -> PlaylistLister:
    """Return the lister; it polls with the turns' clients, so that SIGTERM ends its polls."""
    return PlaylistLister(resources(), announce_batch)
