"""The parameters of yt-dlp do not depend on the submission."""

from pathlib import Path

import pytest

from services.downloader.engine import build_parameters
from services.downloader.settings import DownloaderSettings
from services.downloader.watch import Watch
from services.kit.work import discard

WATCH = Watch(discard, max_bytes=1000, max_duration_s=60)


@pytest.mark.parametrize(
    ("chosen", "told"),
    [("web_safari, tv", {"youtube": {"player_client": ["web_safari", "tv"]}}), ("", {})],
)
def test_youtubes_players_are_those_that_were_chosen(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, chosen: str, told: dict[str, object]
) -> None:
    monkeypatch.setenv("YOUTUBE_CLIENTS", chosen)
    parameters = build_parameters(DownloaderSettings(), WATCH, tmp_path, None)
    assert parameters["extractor_args"] == told


def test_nothing_is_run_after_a_download_and_its_name_is_fixed(tmp_path: Path) -> None:
    parameters = build_parameters(DownloaderSettings(), WATCH, tmp_path, None)
    assert not {"postprocessors", "exec_cmd", "external_downloader_args"} & set(parameters)
    assert parameters["external_downloader"] == {"default": "native"}
    assert parameters["outtmpl"] == {"default": f"{tmp_path}/media.%(ext)s"}
    assert parameters["enable_file_urls"] is False
