"""List the videos of a playlist or a channel without downloading them."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from services.downloader import failures
from services.downloader.engine import Downloader, IsAllowed, translate_errors
from services.downloader.logins import Login
from services.downloader.settings import DownloaderSettings
from services.downloader.watch import Watch
from services.kit.work import Artifact

DOCUMENT = "playlist"
_FIELDS = ("id", "title", "duration", "uploader")
_LISTS = {"YoutubeTab", "YoutubePlaylist"}  # the tabs of a channel's page

Entry = Mapping[str, Any]


@dataclass(frozen=True)
class Lister:
    """Lists the videos of a URL; a single video is a list of one."""

    parameters: Mapping[str, Any]
    """yt-dlp's parameters for one video."""
    settings: DownloaderSettings
    """Settings, for the maximum number of listed videos."""
    is_allowed: IsAllowed
    watch: Watch
    login: Login | None

    def list(self, url: str, work_dir: Path) -> Artifact:
        """List the videos.

        Args:
            url: The playlist's URL, without a login.
            work_dir: Folder for the list.

        Raises:
            WorkError: The URL has no videos, or cannot be read.
        """
        limit = self.settings.max_playlist_items
        flat = {
            **self.parameters,
            "extract_flat": True,
            "noplaylist": False,
            "playlist_items": f"1:{limit + 1}",  # one more, to detect a truncated list
        }
        downloader = Downloader(flat, self.watch, self.login)
        with translate_errors(self.is_allowed), downloader:
            found = downloader.extract_info(url, download=False)
            if not found:
                raise failures.UNSUPPORTED.to_error()
            entries = list(islice(find_videos(found, downloader.list_flat), limit + 1))
        playlist = {
            "url": url,
            "title": found.get("title"),
            "uploader": found.get("uploader"),
            "entries": [_describe(entry) for entry in entries[:limit]],
            "truncated": len(entries) > limit,
        }
        return _write(playlist, work_dir / "playlist.json")


def find_videos(found: Entry, list_flat: Callable[[str], Entry | None]) -> Iterator[Entry]:
    """Yield the videos of a result, including those of nested lists.

    Args:
        found: A video or a list. A channel's page is a list of lists: videos, shorts, ...
        list_flat: Returns the result for the URL of a nested list.
    """
    entries: Iterable[Entry | None] = found.get("entries", [found])
    for entry in entries:
        if entry and "entries" in entry:
            yield from find_videos(entry, list_flat)
        elif entry and entry.get("ie_key") in _LISTS:
            # Only one level: deeper lists of a channel are playlists, of unbounded number.
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
    url = entry.get("webpage_url") or entry.get("url")
    return {"url": url, **{name: entry.get(name) for name in _FIELDS}}
