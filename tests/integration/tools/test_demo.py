"""The demo says in one sentence what keeps it from running."""

import os
from pathlib import Path

import pytest

from tests.support.stand_in import write_procfile
from tools.demo import main


@pytest.fixture(autouse=True)
def proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy for the outside; what the demo sets for its own calls ends with the test."""
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "intranet.example")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")


def test_a_proxy_for_the_outside_is_not_asked_for_this_machine() -> None:
    assert main(["nowhere/clip.wav"]) == 1
    assert os.environ["no_proxy"] == "intranet.example,127.0.0.1,localhost"


def test_a_file_that_does_not_exist_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["nowhere/clip.wav"]) == 1
    assert "there is no file nowhere/clip.wav" in capsys.readouterr().err


def test_a_stack_that_does_not_come_up_shows_the_log_of_the_process_that_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    procfile = write_procfile(tmp_path, normalizer="sh -c 'echo FFmpeg is missing; exit 1'")
    monkeypatch.setenv("PROCFILE", str(procfile))
    monkeypatch.chdir(tmp_path)
    assert main(["http://127.0.0.1:1/clip.wav"]) == 1
    assert "FFmpeg is missing" in capsys.readouterr().err
