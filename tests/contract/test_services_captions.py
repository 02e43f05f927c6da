"""The downloader's extension for subtitles: the option ``captions`` and ``/jobs/{id}/captions``."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pysubs2
import pytest

from tests.support.media_server import MediaServer
from tests.support.service_cases import SAMPLES
from tests.support.services import ServiceProcesses

pytest_plugins = ["tests.support.service_fixtures"]

PAGE = """<html><head><title>Talk</title></head><body><video>
<source src="clip.wav" type="audio/wav"><track kind="subtitles" srclang="pt-BR" src="pt.vtt">
</video></body></html>"""
VTT = "WEBVTT\n\n00:01.000 --> 00:02.500\n<i>Olá</i>,\nmundo\n"


@pytest.fixture
def downloader(services: dict[str, ServiceProcesses]) -> ServiceProcesses:
    return services["downloader"]


@pytest.fixture
def page(tmp_path: Path) -> Iterator[str]:
    shutil.copy(SAMPLES / "jfk.wav", tmp_path / "clip.wav")
    (tmp_path / "talk.html").write_text(PAGE)
    (tmp_path / "pt.vtt").write_text(VTT)
    with MediaServer(tmp_path) as server:
        yield f"{server.url}/talk.html"


def test_subtitles_are_named_in_the_job_and_served_as_segments(
    downloader: ServiceProcesses, page: str
) -> None:
    job = downloader.follow(downloader.submit(json={"url": page, "captions": "pt"})["id"])
    assert job["status"] == "completed", job
    assert job["details"]["captions"] == {"language": "pt-BR"}
    captions = downloader.call("GET", f"/jobs/{job['id']}/captions").json()
    assert captions == {
        "language": "pt-BR",
        "full_text": "Olá, mundo",
        "segments": [{"text": "Olá, mundo", "start": 1.0, "end": 2.5, "duration": 1.5}],
    }
    file = downloader.call("GET", f"/jobs/{job['id']}/download")
    assert file.headers["Content-Type"].startswith("text/vtt")
    assert len(pysubs2.SSAFile.from_string(file.content.decode())) == 1


def test_without_the_option_or_the_language_the_audio_is_downloaded(
    downloader: ServiceProcesses, page: str
) -> None:
    for options in ({}, {"captions": "en"}):
        job = downloader.follow(downloader.submit(json={"url": page, **options})["id"])
        assert job["status"] == "completed", job
        assert "captions" not in job["details"]
        assert job["media_type"] == "audio/x-wav"
        assert downloader.call("GET", f"/jobs/{job['id']}/captions").status_code == 410
