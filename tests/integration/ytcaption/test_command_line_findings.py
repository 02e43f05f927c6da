"""The command ``ytcaption`` shows warnings and sends the options for channels and tracks."""

import json
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.support.command_line import TIMEOUT_S, CommandLine
from tests.support.jobs import make_job
from tests.support.raw_server import Exchange, RawServer, answer
from web.schemas.job_list import JobSummary
from web.schemas.jobs import JobDetail

_WARNED = {
    "status": "completed",
    "transcription_text": "",
    "youtube_url": "https://ann:s3cret@v.test/talk",
    "warnings": [
        {"code": "no_speech", "detail": "Nobody speaks in the recording."},
        {"code": "speech_without_text", "detail": "No words found.", "start": 62.0, "end": 65.5},
    ],
}
_WARNINGS = [
    "warning: no_speech: Nobody speaks in the recording.",
    "warning: speech_without_text: No words found. [1:02-1:05]",
]


def api_with(**facts: Any) -> RawServer:
    """Return an API with one job, which has these fields and an empty transcript."""
    detail = JobDetail.of(make_job(), None, None).model_dump(mode="json") | facts
    summary = JobSummary.of(make_job()).model_dump(mode="json") | {
        "status": detail["status"],
        "warning_count": len(facts["warnings"]),
    }
    told = {"/jobs": {"total": 1, "jobs": [summary], "next_cursor": None}, "/pipeline": detail}

    def play(exchange: Exchange) -> object:
        path = exchange.line.split()[1].partition("?")[0]
        if path.endswith("/transcript"):
            return answer(b"", headers={"Content-Type": "text/plain"})(exchange)
        body = json.dumps(told.get(path, detail)).encode()
        return answer(body, headers={"Content-Type": "application/json"})(exchange)

    return RawServer(play)


@pytest.mark.parametrize("command", ["transcribe", "wait", "show"])
def test_warnings_go_to_standard_error_or_into_the_json(tmp_path: Path, command: str) -> None:
    asked = "https://ann:s3cret@v.test/talk" if command == "transcribe" else "a1b2"
    with api_with(**_WARNED) as server:
        ytcaption = CommandLine(server.url, tmp_path)
        plain, quiet = ytcaption(command, asked), ytcaption("-q", command, asked)
        as_json = ytcaption(command, asked, "--json")
    assert plain.returncode == as_json.returncode == 0
    assert plain.stderr.splitlines()[-2:] == quiet.stderr.splitlines() == _WARNINGS
    assert "warning" not in plain.stdout
    assert json.loads(as_json.stdout)["warnings"] == _WARNED["warnings"]
    assert "warning" not in as_json.stderr
    for ended in (plain, quiet, as_json):
        assert "s3cret" not in ended.stdout + ended.stderr


def test_watch_prints_the_warnings_of_a_completed_job(tmp_path: Path) -> None:
    with api_with(**_WARNED) as server:
        process = CommandLine(server.url, tmp_path).start("watch", "--interval", "0.2")
        assert process.stderr is not None
        lines = [process.stderr.readline().strip() for _ in _WARNINGS]
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=TIMEOUT_S)
    job_id = make_job().job_id
    assert lines == [line.replace("warning:", f"warning: {job_id}") for line in _WARNINGS]


@pytest.mark.parametrize(("track", "sent"), [("2", 2), ("pt-BR", "pt-BR")])
def test_channels_and_audio_track_are_sent_in_the_apis_form(
    tmp_path: Path, track: str, sent: int | str
) -> None:
    bodies: list[bytes] = []
    told = JobDetail.of(make_job(), None, None).model_dump_json().encode()

    def play(exchange: Exchange) -> object:
        bodies.append(exchange.read_body())
        is_read = replace(exchange, rest=bodies[-1])
        return answer(told, headers={"Content-Type": "application/json"})(is_read)

    options = ("--channels", "separate", "--audio-track", track, "-l", "pt-BR", "--no-wait")
    with RawServer(play) as server:
        CommandLine(server.url, tmp_path).done("transcribe", "https://v.test/a", *options)
    asked = json.loads(bodies[0])
    assert (asked["channels"], asked["audio_track"]) == ("separate", sent)
    assert asked["language"] == "pt-BR", "the API validates codes"
