"""Slow periodic work, sent by beat; every task may be lost, doubled or late."""

from tasks.app import app
from tasks.worker import batches, listings, operations, webhooks

__all__ = [
    "delete_remote_jobs",
    "deliver_webhooks",
    "list_playlists",
    "remove_expired",
    "submit_batches",
    "sweep_uploads",
]


@app.task(name="upkeep.remove_expired")
def remove_expired() -> int:
    """Take jobs whose time is over out of the indexes."""
    return operations().remove_expired()


@app.task(name="upkeep.deliver_webhooks")
def deliver_webhooks() -> int:
    """Send notices to clients' own addresses."""
    return webhooks().deliver_due()


@app.task(name="upkeep.sweep_uploads")
def sweep_uploads() -> int:
    """Remove uploads whose jobs are gone."""
    return operations().sweep_uploads()


@app.task(name="upkeep.submit_batches")
def submit_batches() -> int:
    """Submit the jobs of batches."""
    return batches().submit_pending()


@app.task(name="upkeep.list_playlists")
def list_playlists() -> int:
    """Have playlists listed, for batches that are made of them."""
    return listings().list_due()


@app.task(name="upkeep.delete_remote_jobs")
def delete_remote_jobs() -> int:
    """Delete remote jobs that nobody needs any more."""
    return operations().delete_remote_jobs()
