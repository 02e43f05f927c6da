"""The command ``ytcaption`` with a real API, on terminals and in scripts."""

import json
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.support.command_line import TIMEOUT_S, CommandLine
from tests.support.fake_service import Down, Failure, Role
from tests.support.fake_service.artifacts import expected_text
from tests.support.orchestrator import Orchestrator
from tests.support.raw_server import RawServer, answer
from tests.support.terminal import CTRL_C
from tools.ports import LOOPBACK, free_port
from tools.waiting import wait_until

_SOUND = b"RIFF" + bytes(range(256)) * 2000


@pytest.fixture
def ytcaption(orchestrator: Orchestrator, tmp_path: Path) -> CommandLine:
    return CommandLine(orchestrator.address, tmp_path)


def held(orchestrator: Orchestrator, ytcaption: CommandLine, name: str) -> str:
    """Submit a job whose transcription is held, and return its id."""
    orchestrator.services[Role.TRANSCRIBER].control(hold=True)
    job_id = ytcaption.done("transcribe", orchestrator.video(name), "--no-wait").strip()
    orchestrator.await_status(job_id, "transcribing")
    return job_id


def test_only_the_text_goes_to_standard_output(
    orchestrator: Orchestrator, ytcaption: CommandLine
) -> None:
    ended = ytcaption.apart("transcribe", orchestrator.video("cli-text"))
    assert ended.returncode == 0
    assert ended.stdout == expected_text(orchestrator.video("cli-text")) + "\n"
    told = [line.split(" ", 1)[1] for line in ended.stderr.splitlines()]
    assert [line.split(":")[0] for line in told if "done" in line] == [
        "download",
        "normalization",
        "transcription",
    ]
    assert "\x1b" not in ended.stderr, "no bars without a terminal"


def test_the_extension_of_the_output_selects_the_format(
    orchestrator: Orchestrator, ytcaption: CommandLine
) -> None:
    ended = ytcaption("transcribe", orchestrator.video("cli-srt"), "-o", "out.srt")
    assert (ended.returncode, ended.stdout) == (0, "")
    assert ended.stderr.endswith("Wrote out.srt\n")
    job_id = orchestrator.get("/jobs?limit=1")["jobs"][0]["job_id"]
    captions = requests.get(
        f"{orchestrator.address}/jobs/{job_id}/transcript?format=srt", timeout=10
    )
    assert (ytcaption.home / "out.srt").read_bytes() == captions.content
    assert ytcaption.done("transcript", job_id, "-f", "srt").encode() == captions.content


def test_with_json_a_job_is_printed_as_the_api_returns_it(
    orchestrator: Orchestrator, ytcaption: CommandLine
) -> None:
    video = orchestrator.video("cli-json")
    job = json.loads(ytcaption.done("transcribe", video, "--json", "--note", "team=red"))
    assert job == orchestrator.get(f"/jobs/{job['job_id']}")
    assert job["metadata"] == {"team": "red"}
    assert json.loads(ytcaption.done("show", job["job_id"], "--json")) == job
    page = json.loads(ytcaption.done("jobs", "--note", "team=red", "--json"))
    assert page["total"] == 1
    assert page == orchestrator.get("/jobs?metadata=team:red")


def test_a_file_is_uploaded_with_its_options(
    orchestrator: Orchestrator, ytcaption: CommandLine
) -> None:
    (ytcaption.home / "talk.wav").write_bytes(_SOUND)
    ended = ytcaption("transcribe", "talk.wav", "--no-remove-noise", "--json", "--word", "Ana")
    assert ended.returncode == 0, ended.stderr
    job = json.loads(ended.stdout)
    assert job["youtube_url"] == "upload:talk.wav"
    assert "upload: 0.5 MB sent" in ended.stderr
    remote_id = job["stages"]["normalization"]["job_id"]
    sent = orchestrator.services[Role.NORMALIZER].ledger().of(remote_id)
    assert sent.fields["remove_noise"] == "false"
    ytcaption.done("audio", job["job_id"], "-o", "sound")
    heard = requests.get(f"{orchestrator.address}/jobs/{job['job_id']}/audio", timeout=10)
    assert (ytcaption.home / "sound").read_bytes() == heard.content


def test_a_failed_job_prints_the_reason_exits_with_1_and_can_be_retried(
    orchestrator: Orchestrator, ytcaption: CommandLine
) -> None:
    failure = Failure(code="private_video", message="It is private")
    orchestrator.services[Role.DOWNLOADER].control(fail_next=1, failure=failure)
    ended = ytcaption("transcribe", orchestrator.video("cli-failed"), "--json")
    job = json.loads(ended.stdout)
    assert (ended.returncode, job["error_code"]) == (1, "private_video")
    last = ended.stderr.splitlines()[-1]
    assert last == f"Job {job['job_id']} failed in download: {job['error_message']} (private_video)"
    assert json.loads(ytcaption.done("retry", job["job_id"], "--json"))["status"] != "failed"
    text = ytcaption.done("wait", job["job_id"])
    assert text == expected_text(orchestrator.video("cli-failed")) + "\n"


def test_a_job_can_be_shown_cancelled_and_deleted(
    orchestrator: Orchestrator, ytcaption: CommandLine
) -> None:
    job_id = held(orchestrator, ytcaption, "cli-journey")
    lines = ytcaption.done("jobs", "--status", "transcribing").splitlines()
    fields = next(line.split("\t") for line in lines if line.startswith(job_id))
    assert (fields[1], fields[4]) == ("transcribing", orchestrator.video("cli-journey"))
    facts = dict(line.split("\t") for line in ytcaption.done("show", job_id).splitlines())
    assert facts["download"].startswith("done in")
    assert ytcaption("cancel", job_id).stderr == f"Job {job_id} is cancelled\n"
    ended = ytcaption("wait", job_id)
    assert (ended.returncode, ended.stdout) == (1, "")
    told = [json.loads(line) for line in ytcaption.done("events", job_id, "--json").splitlines()]
    assert (told[0]["type"], told[-1]["event"]) == ("submitted", "end")
    last = ytcaption.done("events", job_id).splitlines()[-1].split()  # in any order
    assert {"end", "status=cancelled", "stage=transcription"} <= set(last)
    ytcaption.done("delete", job_id)
    ended = ytcaption("show", job_id)
    assert ended.returncode == 4
    assert "job_not_found" in ended.stderr


def test_a_refused_request_exits_with_4_and_names_the_request(
    orchestrator: Orchestrator, ytcaption: CommandLine
) -> None:
    ended = ytcaption("transcribe", orchestrator.video("a"), "--language", "klingon")
    assert (ended.returncode, ended.stdout) == (4, "")
    assert "invalid_request, 422, request " in ended.stderr
    assert "#/language" in ended.stderr
    ended = ytcaption("transcribe", "https://elsewhere.test/video", "--json")
    told = json.loads(ended.stderr)
    assert (ended.returncode, told["code"]) == (4, "unsupported_url")
    assert {"status_code", "detail", "request_id"} <= told.keys()


def test_a_file_that_is_too_large_is_refused(ytcaption: CommandLine) -> None:
    with (ytcaption.home / "long.wav").open("wb") as file:
        file.truncate(3 * 1024**3)  # sparse
    ended = ytcaption("transcribe", "long.wav")
    assert ended.returncode == 4
    assert "file_too_large" in ended.stderr


def test_an_unreachable_api_exits_with_3(tmp_path: Path) -> None:
    url = f"http://{LOOPBACK}:{free_port()}"
    ended = CommandLine(url, tmp_path)("jobs")
    assert (ended.returncode, ended.stdout) == (3, "")
    assert ended.stderr == f"ytcaption: Cannot reach {url}: Connection refused\n"


def page_of(kind: str, status: str = "200 OK", **headers: str) -> Mapping[str, Any]:
    return {"status": status, "headers": {"Content-Type": kind, **headers}}


@pytest.mark.parametrize(
    "told",
    [
        page_of("text/html"),
        page_of("text/html", "404 Not Found"),
        page_of("text/html", "302 Found", Location="https://login.test/"),
        page_of("application/json"),
    ],
)
def test_a_server_that_is_not_the_api_exits_with_3(tmp_path: Path, told: Mapping[str, Any]) -> None:
    with RawServer(answer(b"<html>", **told)) as server:
        ended = CommandLine(server.url, tmp_path)("jobs")
    assert ended.returncode == 3
    assert "Unexpected response from" in ended.stderr
    assert told["headers"].get("Location", "") in ended.stderr
    assert len(server.lines) == 1, "a redirect is not followed"


def test_ctrl_c_asks_and_cancels_the_job(
    orchestrator: Orchestrator, ytcaption: CommandLine
) -> None:
    orchestrator.services[Role.TRANSCRIBER].control(hold=True)
    with ytcaption.on_terminal("transcribe", orchestrator.video("cli-ctrl-c")) as terminal:
        terminal.await_text("transcribing")
        for words in ("cli-ctrl-c", "done in", "normalization", "total", "━"):
            terminal.await_text(words)
        job_id = orchestrator.get("/jobs?limit=1")["jobs"][0]["job_id"]
        terminal.press(CTRL_C)
        terminal.await_text(f"Cancel job {job_id} too?")
        terminal.press("y\n")
        assert terminal.await_end() == 130
        assert f"Job {job_id} is cancelled" in terminal.text
    assert orchestrator.get(f"/jobs/{job_id}")["status"] == "cancelled"


@pytest.mark.parametrize("keys", ["\n", CTRL_C])
def test_ctrl_c_leaves_the_job_running_without_a_yes(
    orchestrator: Orchestrator, ytcaption: CommandLine, keys: str
) -> None:
    job_id = held(orchestrator, ytcaption, f"cli-kept-{ord(keys)}")
    with ytcaption.on_terminal("wait", job_id) as terminal:
        terminal.await_text("transcribing")
        terminal.press(CTRL_C)
        terminal.await_text("too?")
        terminal.press(keys)
        assert terminal.await_end() == 130
        assert f"ytcaption wait {job_id}" in terminal.text
    orchestrator.services[Role.TRANSCRIBER].control(hold=False)
    assert orchestrator.await_status(job_id, "completed", "cancelled")["status"] == "completed"


def test_an_interrupt_without_a_terminal_leaves_the_job_running(
    orchestrator: Orchestrator, ytcaption: CommandLine
) -> None:
    job_id = held(orchestrator, ytcaption, "cli-unasked")
    process = ytcaption.start("wait", job_id)
    assert process.stderr is not None
    while "transcription:" not in (line := process.stderr.readline()):
        assert line, "the process exited too early"
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=TIMEOUT_S)
    assert (process.returncode, out) == (130, "")
    assert err.splitlines()[-2:] == [
        f"Job {job_id} continues. To follow it: ytcaption wait {job_id}",
        f"To cancel it: ytcaption cancel {job_id}",
    ]
    assert orchestrator.get(f"/jobs/{job_id}")["status"] == "transcribing"
    orchestrator.post(f"/jobs/{job_id}/cancel")


def test_watch_writes_a_line_for_each_change_until_it_is_interrupted(
    orchestrator: Orchestrator, ytcaption: CommandLine
) -> None:
    job_id = held(orchestrator, ytcaption, "cli-watched")
    process = ytcaption.start("watch", "--interval", "0.2", "--json")
    assert process.stdout is not None
    seen: list[str] = []
    while True:
        job = json.loads(process.stdout.readline())
        if job["job_id"] != job_id:
            continue
        seen.append(job["status"])
        if job["status"] != "transcribing":
            break
        orchestrator.post(f"/jobs/{job_id}/cancel")
    assert seen == ["transcribing", "cancelled"]
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=TIMEOUT_S)
    assert (process.returncode, err) == (0, "")


def test_watch_is_a_live_table_on_a_terminal(
    orchestrator: Orchestrator, ytcaption: CommandLine
) -> None:
    job_id = held(orchestrator, ytcaption, "cli-table")
    with ytcaption.on_terminal("watch", "--interval", "0.2", "-n", "3") as terminal:
        terminal.await_text(f"{job_id}  transcribing")
        orchestrator.post(f"/jobs/{job_id}/cancel")
        terminal.await_text(f"{job_id}  cancelled")
        terminal.press(CTRL_C)
        assert terminal.await_end() == 0


def test_the_exit_code_of_health_reports_unhealthy_services(
    orchestrator: Orchestrator, ytcaption: CommandLine
) -> None:
    service = orchestrator.services[Role.NORMALIZER]

    def has_status(status: str) -> bool:
        return f"audio-normalization\t{status}" in ytcaption("health").stdout

    wait_until(lambda: has_status("healthy"), timeout_s=20, what="good health")
    service.control(down=Down.UNAVAILABLE)
    wait_until(lambda: not has_status("healthy"), timeout_s=20, what="bad health")
    ended = ytcaption("health", "--json")
    assert (ended.returncode, json.loads(ended.stdout)["status"]) == (1, "degraded")


def test_stats_prints_the_statistics_of_the_api(
    orchestrator: Orchestrator, ytcaption: CommandLine
) -> None:
    found = json.loads(ytcaption.done("stats", "--json"))
    assert found["settings"] == orchestrator.get("/admin/stats")["settings"]
    assert "redis total_jobs\t" in ytcaption.done("stats")


def test_a_shell_completes_commands_and_jobs(
    orchestrator: Orchestrator, ytcaption: CommandLine
) -> None:
    script = ytcaption.apart(_YTCAPTION_COMPLETE="source_bash").stdout
    assert "complete -o default -F _ytcaption_completion ytcaption" in script

    def complete(words: str, position: int) -> list[str]:
        return ytcaption.apart(
            _YTCAPTION_COMPLETE="complete_bash", COMP_WORDS=words, COMP_CWORD=str(position)
        ).stdout.split()

    assert complete("ytcaption ca", 1) == ["cancel"]
    job_id = held(orchestrator, ytcaption, "cli-completed")
    assert complete(f"ytcaption show {job_id[:9]}", 2) == [job_id]
    orchestrator.post(f"/jobs/{job_id}/cancel")
