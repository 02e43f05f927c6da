"""The ready line of ``make run`` shows no login of a service's URL."""

import signal

import pytest

from tests.support.raw_server import RawServer, answer
from tools import announce
from tools.ports import LOOPBACK, free_port


def test_a_service_that_answers_is_announced_without_its_login(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(signal, "pause", lambda: None)
    with RawServer(answer(b"{}")) as server:
        url = server.url.replace("://", "://user:hunter2@")
        assert announce.main([f"downloader={url}/health/ready"]) == 0
        assert server.headers[0]["authorization"].startswith("Basic ")
        shown = capsys.readouterr().out
        assert f"{server.url}/\n" in shown
    assert "hunter2" not in shown


def test_a_service_that_does_not_answer_is_named_without_its_login(
    capsys: pytest.CaptureFixture[str],
) -> None:
    url = f"{LOOPBACK}:{free_port()}/health/ready"
    assert announce.main([f"downloader=http://user:hunter2@{url}"], timeout_s=0.01) == 1
    shown = capsys.readouterr().out
    assert f"downloader at http://{url}" in shown
    assert "hunter2" not in shown
