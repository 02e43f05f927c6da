"""The state changes of a playlist's listing. Pure."""

import json

from orchestrator.domain.sources import Source
from orchestrator.errors import ForbiddenAddressError, UnsupportedSourceError
from orchestrator.microservice import Playlist
from orchestrator.settings import Settings
from orchestrator.store.playlists import PlaylistChange, PlaylistRecord, PlaylistStatus

__all__ = ["failed", "listed", "postponed", "started_over", "submitted"]


def submitted(remote_id: str, instance: str, *, held_s: float) -> PlaylistChange:
    """The service has accepted the remote job; its submitter keeps the listing for ``held_s``."""
    fields: dict[str, str | int] = {
        "listing.remote_id": remote_id,
        "listing.instance": instance,
        "listing.parks": 0,
    }
    return PlaylistChange(fields, due_in_ms=_ms(held_s))


def postponed(in_s: float, *, parks: int = 0) -> PlaylistChange:
    """The listing continues after ``in_s`` seconds with the same remote job."""
    return PlaylistChange({"listing.parks": parks}, due_in_ms=_ms(in_s))


def started_over(listing: PlaylistRecord, *, in_s: float) -> PlaylistChange:
    """The remote job failed or was lost; the listing gets another one after ``in_s`` seconds."""
    attempt = {"listing.attempt": listing.attempt + 1}
    return PlaylistChange(attempt, due_in_ms=_ms(in_s), drops_remote=True)


def listed(playlist: Playlist, settings: Settings) -> PlaylistChange:
    """The service has listed the playlist: the batch gets its videos, or fails if none is allowed.

    Videos from sources that are not allowed and duplicates are skipped. The first
    ``MAX_BATCH_ITEMS`` of the others are taken.
    """
    urls = dict.fromkeys(Source(url).canonical_url for url in playlist.urls)
    found = [url for url in urls if _is_allowed(Source(url), settings)]
    if not found:
        return failed("empty_playlist", "The playlist contains no videos from allowed sources")
    limit = settings.max_batch_items
    fields: dict[str, str | int] = {
        "urls": json.dumps(found[:limit]),
        "listing.status": PlaylistStatus.DONE,
        "listing.is_truncated": int(playlist.is_truncated or len(found) > limit),
        "listing.skipped": len(urls) - len(found),
    }
    if playlist.title:
        fields["listing.title"] = playlist.title
    return PlaylistChange(fields, is_over=True, has_jobs=True)


def _is_allowed(source: Source, settings: Settings) -> bool:
    try:
        source.check_video(
            allowed_sources=settings.allowed_sources,
            allow_private=settings.allow_private_addresses,
        )
    except (ForbiddenAddressError, UnsupportedSourceError):
        return False
    return True


def failed(code: str, message: str) -> PlaylistChange:
    """The listing has failed; the batch gets no videos."""
    reason: dict[str, str | int] = {
        "listing.status": PlaylistStatus.FAILED,
        "listing.error_code": code,
        "listing.error_message": message,
    }
    return PlaylistChange(reason, is_over=True)


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
