"""The downloader reuses earlier downloads and lists playlists."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.media_server import MediaServer
from tests.support.service_cases import SAMPLES
from tests.support.services import ServiceProcesses

pytest_plugins = ["tests.support.service_fixtures"]

FEED = """<?xml version="1.0"?>
<rss version="2.0"><channel><title>Talks</title>
<item><title>One</title><link>http://video.example/1</link></item>
<item><title>Two</title><link>http://video.example/2</link></item>
</channel></rss>"""


@pytest.fixture
def downloader(services: dict[str, ServiceProcesses]) -> ServiceProcesses:
    return services["downloader"]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[MediaServer]:
    (tmp_path / "clip.wav").write_bytes((SAMPLES / "jfk.wav").read_bytes())
    (tmp_path / "feed.xml").write_text(FEED)
    with MediaServer(tmp_path) as server:
        yield server


def fetch(service: ServiceProcesses, url: str, quality: str = "audio") -> tuple[Path, str]:
    """Download a video; return where its file lies, and its name."""
    job = service.follow(service.submit(json={"url": url, "quality": quality})["id"])
    assert job["status"] == "completed", job
    files = [path for path in service.list_files() if job["id"] in str(path)]
    return next(path for path in files if path.name == "artifact"), job["filename"]


def test_the_same_video_and_quality_is_not_fetched_again(
    downloader: ServiceProcesses, site: MediaServer
) -> None:
    first, name = fetch(downloader, f"{site.url}/clip.wav")
    again, name_again = fetch(downloader, f"{site.url}/clip.wav")
    assert first.samefile(again)
    assert first != again  # so that deleting one job leaves the other
    assert name == name_again == "clip.wav"
    other_quality, _ = fetch(downloader, f"{site.url}/clip.wav", "360p")
    assert not first.samefile(other_quality)


def test_a_file_that_has_changed_is_fetched_again(
    downloader: ServiceProcesses, site: MediaServer, tmp_path: Path
) -> None:
    first, _ = fetch(downloader, f"{site.url}/clip.wav")
    changed = (SAMPLES / "pt_pangrama.wav").read_bytes()
    (tmp_path / "clip.wav").write_bytes(changed)
    os.utime(tmp_path / "clip.wav", (0, 0))
    again, _ = fetch(downloader, f"{site.url}/clip.wav")
    assert again.read_bytes() == changed != first.read_bytes()


def test_a_deleted_job_leaves_its_file_to_others_and_is_not_reused(
    downloader: ServiceProcesses, site: MediaServer
) -> None:
    url = f"{site.url}/clip.wav"
    job = downloader.follow(downloader.submit(json={"url": url})["id"])
    again, _ = fetch(downloader, url)
    downloader.call("DELETE", f"/jobs/{job['id']}")
    assert again.read_bytes() == (SAMPLES / "jfk.wav").read_bytes()


def test_a_playlist_is_listed_without_a_download(
    downloader: ServiceProcesses, site: MediaServer
) -> None:
    answer = downloader.call("POST", "/playlists", json={"url": f"{site.url}/feed.xml"})
    assert answer.status_code == 202
    job = downloader.follow(answer.json()["id"])
    assert job["status"] == "completed", job
    assert job["details"] == {"title": "Talks", "entries": 2}
    playlist = downloader.call("GET", f"/jobs/{job['id']}/playlist").json()
    assert (playlist["title"], playlist["truncated"]) == ("Talks", False)
    assert [entry["url"] for entry in playlist["entries"]] == [
        "http://video.example/1",
        "http://video.example/2",
    ]
    assert [entry["title"] for entry in playlist["entries"]] == ["One", "Two"]


def test_an_address_outside_the_web_is_no_playlist(downloader: ServiceProcesses) -> None:
    answer = downloader.call("POST", "/playlists", json={"url": "file:///etc/passwd"})
    assert (answer.status_code, answer.json()["code"]) == (422, "unsupported_url")


def test_the_javascript_runtime_is_shown(downloader: ServiceProcesses) -> None:
    health = downloader.call("GET", "/health").json()
    assert health.keys() >= {"javascript_runtime", "youtube_challenges"}
