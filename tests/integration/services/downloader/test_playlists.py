"""Playlists longer than the limit are truncated."""

from pathlib import Path

import pytest

from services.downloader.settings import DownloaderSettings
from services.downloader.work import run
from services.kit.work import JobContext
from tests.support.media_server import MediaServer
from tests.support.work_context import RecordingReport

ITEM = "<item><title>{0}</title><link>http://video.example/{0}</link></item>"


@pytest.mark.parametrize(("most", "is_truncated"), [(2, True), (3, False)])
def test_of_a_long_playlist_the_first_videos_are_listed(
    tmp_path: Path, most: int, *, is_truncated: bool
) -> None:
    items = "".join(ITEM.format(number) for number in range(3))
    feed = f'<?xml version="1.0"?><rss version="2.0"><channel>{items}</channel></rss>'
    (tmp_path / "feed.xml").write_text(feed)
    with MediaServer(tmp_path) as server:
        options = {"url": f"{server.url}/feed.xml", "kind": "playlist"}
        context = JobContext("job", options, tmp_path, RecordingReport())
        settings = DownloaderSettings(allow_private_addresses=True, max_playlist_items=most)
        artifact = run(context, settings)
    listed = artifact.documents["playlist"]
    addresses = [entry["url"] for entry in listed["entries"]]
    assert addresses == [f"http://video.example/{number}" for number in range(most)]
    assert listed["truncated"] is is_truncated
    assert artifact.details["entries"] == most
