"""Subtitles of publishers are downloaded from web sites."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from foundation.addresses import is_public
from services.downloader.settings import DownloaderSettings
from services.downloader.work import run
from services.kit.work import Artifact, JobCancelledError, JobContext
from tests.support.media_server import MediaServer
from tests.support.work_context import SAMPLES, RecordingReport

VTT = "WEBVTT\n\n00:01.000 --> 00:02.000\nOlá &amp; mundo\n"
SRT = "1\n00:00:01,000 --> 00:00:02,000\nHello <i>world</i>\n"
_MASTER = """#EXTM3U
#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="subs",NAME="English",LANGUAGE="en",URI="subs.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=100000,CODECS="mp4a.40.2",SUBTITLES="subs"
audio.m3u8
"""
_CUE_OVER_THE_BORDER = "00:09.000 --> 00:11.000\nborder\n"


@pytest.fixture
def site(tmp_path: Path) -> Path:
    folder = tmp_path / "site"
    folder.mkdir()
    shutil.copy(SAMPLES / "jfk.wav", folder / "clip.wav")
    return folder


@pytest.fixture
def server(site: Path) -> Iterator[MediaServer]:
    with MediaServer(site) as running:
        yield running


def write_page(site: Path, *tracks: str) -> None:
    (site / "page.html").write_text(
        "<html><head><title>Talk</title></head><body><video>"
        f'<source src="clip.wav" type="audio/wav">{"".join(tracks)}</video></body></html>'
    )


def track(language: str, source: str, kind: str = "subtitles") -> str:
    return f'<track kind="{kind}" srclang="{language}" src="{source}">'


def download(url: str, tmp_path: Path, captions: str, **options: Any) -> Artifact:
    work_dir = tmp_path / "work"
    work_dir.mkdir()
    report = options.pop("report", RecordingReport())
    context = JobContext("job", {"url": url, "captions": captions}, work_dir, report)
    settings = DownloaderSettings(allow_private_addresses=not options)
    return run(context, settings, options.get("is_allowed", is_public))


def test_subtitles_in_the_requested_language_replace_the_audio(
    site: Path, server: MediaServer, tmp_path: Path
) -> None:
    write_page(site, track("pt-BR", "pt.vtt"), track("en", "en.srt", "captions"))
    (site / "pt.vtt").write_text(VTT)
    (site / "en.srt").write_text(SRT)
    artifact = download(f"{server.url}/page.html", tmp_path, "en")
    assert artifact.path.read_text() == SRT
    assert artifact.media_type == "application/x-subrip"
    assert artifact.details["captions"] == {"language": "en"}
    assert artifact.documents["captions"] == {
        "language": "en",
        "full_text": "Hello world",
        "segments": [{"text": "Hello world", "start": 1.0, "end": 2.0, "duration": 1.0}],
    }


def test_without_subtitles_in_the_language_the_audio_is_downloaded(
    site: Path, server: MediaServer, tmp_path: Path
) -> None:
    write_page(site, track("pt", "pt.vtt"), track("en", "chapters.vtt", "chapters"))
    artifact = download(f"{server.url}/page.html", tmp_path, "en")
    assert artifact.path.read_bytes() == (SAMPLES / "jfk.wav").read_bytes()
    assert not artifact.documents
    assert "captions" not in artifact.details


@pytest.mark.parametrize("content", [None, "<html>Not here</html>", "WEBVTT\n"])
def test_unreadable_subtitles_do_not_fail_the_job(
    site: Path,
    server: MediaServer,
    tmp_path: Path,
    content: str | None,
    caplog: pytest.LogCaptureFixture,
) -> None:
    write_page(site, track("en", "en.vtt"))
    if content is not None:
        (site / "en.vtt").write_text(content)
    artifact = download(f"{server.url}/page.html", tmp_path, "auto")
    assert artifact.path.read_bytes() == (SAMPLES / "jfk.wav").read_bytes()
    assert "continues without captions" in caplog.text


def test_subtitles_of_an_hls_stream_are_put_together(
    site: Path, server: MediaServer, tmp_path: Path
) -> None:
    head = "WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00:00.000\n\n"
    (site / "first.vtt").write_text(f"{head}00:01.000 --> 00:02.000\none\n\n{_CUE_OVER_THE_BORDER}")
    (site / "second.vtt").write_text(
        f"{head}{_CUE_OVER_THE_BORDER}\n00:12.000 --> 00:13.000\ntwo\n"
    )
    (site / "master.m3u8").write_text(_MASTER)
    for name, parts in {"subs": ("first.vtt", "second.vtt"), "audio": ("clip.wav",)}.items():
        listed = "".join(f"#EXTINF:10,\n{part}\n" for part in parts)
        text = f"#EXTM3U\n#EXT-X-TARGETDURATION:10\n{listed}#EXT-X-ENDLIST\n"
        (site / f"{name}.m3u8").write_text(text)
    artifact = download(f"{server.url}/master.m3u8", tmp_path, "en")
    assert artifact.documents["captions"]["full_text"] == "one border two"


def test_subtitles_do_not_lead_into_a_private_network(
    site: Path, server: MediaServer, tmp_path: Path
) -> None:
    port = server.url.rpartition(":")[2]
    write_page(site, track("en", f"http://127.0.0.2:{port}/en.vtt"))
    (site / "en.vtt").write_text(VTT)
    asked: list[str] = []

    def is_allowed(address: str) -> bool:
        asked.append(address)
        return address == "127.0.0.1"

    artifact = download(f"{server.url}/page.html", tmp_path, "en", is_allowed=is_allowed)
    assert "127.0.0.2" in asked
    assert artifact.path.read_bytes() == (SAMPLES / "jfk.wav").read_bytes()


def test_a_cancelled_job_takes_no_subtitles(
    site: Path, server: MediaServer, tmp_path: Path
) -> None:
    write_page(site, track("en", "en.vtt"))
    (site / "en.vtt").write_text(VTT)
    report = RecordingReport(cancel_at="downloading")
    with pytest.raises(JobCancelledError):
        download(f"{server.url}/page.html", tmp_path, "en", report=report)


def test_japanese_captions_of_a_page_have_no_spaces(
    site: Path, server: MediaServer, tmp_path: Path
) -> None:
    cues = "00:01.000 --> 00:04.000\n今日はとても\nいい天気です。\n\n"
    cues += "00:05.000 --> 00:08.000\n<i>散歩</i>に\n行きましょう。\n"
    (site / "ja.vtt").write_text(f"WEBVTT\n\n{cues}", encoding="utf-8")
    write_page(site, track("ja", "ja.vtt"))
    artifact = download(f"{server.url}/page.html", tmp_path, "auto")
    document = artifact.documents["captions"]
    assert document["full_text"] == "今日はとてもいい天気です。散歩に行きましょう。"
    assert artifact.filename == "Talk.ja.vtt"
