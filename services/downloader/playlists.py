"""Lists the videos of a playlist or a channel, without downloading any."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from services.downloader import failures
from services.downloader.engine import Downloader, IsAllowed, failing_clearly
from services.downloader.logins import Login
from services.downloader.settings import DownloaderSettings
from services.downloader.watch import Watch
from services.kit.work import Artifact

DOCUMENT = "playlist"
_FIELDS = ("id", "title", "duration", "uploader")
_LISTS = {"YoutubeTab", "YoutubePlaylist"}  # what a channel's own page leads to

Entry = Mapping[str, Any]


@dataclass(frozen=True)
class Lister:
    """Lists the videos that a URL leads to; a single video is a list of one."""

    parameters: Mapping[str, Any]
    """yt-dlp's parameters for one video."""
    settings: DownloaderSettings
    """How many videos are listed at most; of more, the first ones."""
    is_allowed: IsAllowed
    watch: Watch
    login: Login | None

    def list(self, url: str, work_dir: Path) -> Artifact:
        """List the videos.

        Args:
            url: The playlist's URL, without a login.
            work_dir: Where the list is written.

        Raises:
            WorkError: There is nothing to list.
        """
        most = self.settings.max_playlist_items
        flat = {
            **self.parameters,
            "extract_flat": True,
            "noplaylist": False,
            "playlist_items": f"1:{most + 1}",  # one more, to know whether there are more
        }
        downloader = Downloader(flat, self.watch, self.login)
        with failing_clearly(self.is_allowed), downloader:
            found = downloader.extract_info(url, download=False)
            if not found:
                raise failures.UNSUPPORTED.to_error()
            entries = list(islice(find_videos(found, downloader.list_flat), most + 1))
        playlist = {
            "url": url,
            "title": found.get("title"),
            "uploader": found.get("uploader"),
            "entries": [_describe(entry) for entry in entries[:most]],
            "truncated": len(entries) > most,
        }
        return _write(playlist, work_dir / "playlist.json")


def find_videos(found: Entry, list_flat: Callable[[str], Entry | None]) -> Iterator[Entry]:
    """Yield the videos of what was found at an address, those of lists within it too.

    Args:
        found: A video, or a list. A channel's own page is one of lists: its videos, its shorts.
        list_flat: Returns what is at the address of such a list.
    """
    entries: Iterable[Entry | None] = found.get("entries", [found])
    for entry in entries:
        if entry and "entries" in entry:
            yield from find_videos(entry, list_flat)
        elif entry and entry.get("ie_key") in _LISTS:
            # Not deeper: a channel's lists hold videos, or else playlists without end.
            inner = list_flat(str(entry["url"])) or {"entries": ()}
            yield from (one for one in inner.get("entries", ()) if one)
        elif entry:
            yield entry


def _write(playlist: Mapping[str, Any], path: Path) -> Artifact:
    path.write_text(json.dumps(playlist, ensure_ascii=False), encoding="utf-8")
    details = {"title": playlist["title"], "entries": len(playlist["entries"])}
    documents = {DOCUMENT: playlist}
    return Artifact(path, path.name, "application/json", details=details, documents=documents)


def _describe(entry: Entry) -> dict[str, Any]:
    address = entry.get("webpage_url") or entry.get("url")
    return {"url": address, **{name: entry.get(name) for name in _FIELDS}}
