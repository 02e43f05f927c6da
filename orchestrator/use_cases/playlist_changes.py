"""What may become of the listing of a playlist: every step that is written. Pure."""

import json

from orchestrator.domain.sources import Source
from orchestrator.errors import ForbiddenAddressError, UnsupportedSourceError
from orchestrator.microservice import Playlist
from orchestrator.settings import Settings
from orchestrator.store.playlists import Listing, ListingChange, ListingStatus

__all__ = ["begun_anew", "failed", "listed", "put_off", "submitted"]


def submitted(remote_id: str, instance: str, *, held_s: float) -> ListingChange:
    """The service has accepted it; whoever submitted it goes on with it for a while."""
    known: dict[str, str | int] = {
        "listing.remote_id": remote_id,
        "listing.instance": instance,
        "listing.parks": 0,
    }
    return ListingChange(known, due_in_ms=_ms(held_s))


def put_off(in_s: float, *, parks: int = 0) -> ListingChange:
    """It goes on after a while, with the same remote job."""
    return ListingChange({"listing.parks": parks}, due_in_ms=_ms(in_s))


def begun_anew(listing: Listing, *, in_s: float) -> ListingChange:
    """Its remote job came to nothing; it gets another one."""
    attempt = {"listing.attempt": listing.attempt + 1}
    return ListingChange(attempt, due_in_ms=_ms(in_s), begins_anew=True)


def listed(playlist: Playlist, settings: Settings) -> ListingChange:
    """The service has listed it: the batch has its videos, or none that it may have.

    Those are taken that are accepted as a source, each once, up to the bound.
    """
    urls = dict.fromkeys(Source(url).canonical_url for url in playlist.urls)
    found = [url for url in urls if _is_accepted(Source(url), settings)]
    if not found:
        return failed("empty_playlist", "The playlist has no videos that are accepted here")
    most = settings.max_batch_items
    facts: dict[str, str | int] = {
        "urls": json.dumps(found[:most]),
        "listing.status": ListingStatus.DONE,
        "listing.is_truncated": int(playlist.is_truncated or len(found) > most),
        "listing.skipped": len(urls) - len(found),
    }
    if playlist.title:
        facts["listing.title"] = playlist.title
    return ListingChange(facts, over=True, has_jobs=True)


def _is_accepted(source: Source, settings: Settings) -> bool:
    try:
        source.check_video(
            allowed_sources=settings.allowed_sources,
            allow_private=settings.allow_private_addresses,
        )
    except (ForbiddenAddressError, UnsupportedSourceError):
        return False
    return True


def failed(code: str, message: str) -> ListingChange:
    """There will be no list, and so no videos."""
    reason: dict[str, str | int] = {
        "listing.status": ListingStatus.FAILED,
        "listing.error_code": code,
        "listing.error_message": message,
    }
    return ListingChange(reason, over=True)


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
