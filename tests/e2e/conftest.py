"""The whole system, started once for all end-to-end tests, and a web server with their videos."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tools.background import BackgroundStack
from tools.file_server import serve_directory
from tools.ports import LOOPBACK

_SAMPLES = Path(__file__).resolve().parents[2] / "samples"
_TALK = """<!doctype html><title>Talk</title><video><source src="jfk.wav" type="audio/wav">
<track kind="subtitles" srclang="en-US" src="talk.vtt"></video>"""


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BackgroundStack]:
    """Every process, as ``make run`` starts them, on free ports."""
    directory = tmp_path_factory.mktemp("stack")
    environment = {"ALLOWED_SOURCES": LOOPBACK, "ALLOW_PRIVATE_ADDRESSES": "true"}
    with BackgroundStack(directory, environment) as running:
        yield running


@pytest.fixture(scope="session")
def videos(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a web server with the sample clips and with what is none."""
    directory = tmp_path_factory.mktemp("videos")
    for clip in _SAMPLES.glob("*.wav"):
        (directory / clip.name).symlink_to(clip.resolve())
    (directory / "not_audio.wav").write_text("Words, but none that can be heard.\n" * 100)
    (directory / "page.html").write_text("<!doctype html><title>News</title><p>No video here.")
    (directory / "talk.html").write_text(_TALK)
    (directory / "talk.vtt").write_text("WEBVTT\n\n00:01.000 --> 00:03.000\nAsk not <i>what</i>\n")
    with serve_directory(directory) as address:
        yield address
