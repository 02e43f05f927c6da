"""Uploads: streamed to disk and kept as long as their job."""

import hashlib
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from tests.support.fake_service import Role
from tests.support.fake_service.artifacts import normalized, transcript_text
from tests.support.orchestrator import Orchestrator
from tools.waiting import wait_until

_SOUND = b"RIFF" + bytes(range(256)) * 1000
_BOUNDARY = "a-boundary"
_HEAD = f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="long.wav"\r\n\r\n'
_MIB = 1024 * 1024


def post(
    orchestrator: Orchestrator, sound: bytes, name: str = "talk.wav", **fields: str
) -> requests.Response:
    return requests.post(
        f"{orchestrator.address}/pipeline", files={"file": (name, sound)}, data=fields, timeout=20
    )


def post_form(orchestrator: Orchestrator, body: Iterator[bytes]) -> requests.Response:
    headers = {"Content-Type": f"multipart/form-data; boundary={_BOUNDARY}"}
    return requests.post(f"{orchestrator.address}/pipeline", data=body, headers=headers, timeout=60)


def submit(orchestrator: Orchestrator, sound: bytes, **fields: str) -> str:
    answer = post(orchestrator, sound, **fields)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["job_id"])


def expected_text(sound: bytes, language: str = "auto") -> str:
    return transcript_text(normalized(hashlib.sha256(sound).hexdigest()).sha256(), language)


def uploads(orchestrator: Orchestrator) -> Path:
    return Path(orchestrator.environment["UPLOADS_DIR"])


def problem(answer: requests.Response) -> tuple[int, str]:
    assert answer.headers["Content-Type"] == "application/problem+json"
    return answer.status_code, answer.json()["code"]


def test_a_file_is_transcribed_without_a_download(orchestrator: Orchestrator) -> None:
    sound = _SOUND + b"whole"
    answer = post(orchestrator, sound, "talks/übung.wav", language="pt", remove_noise="false")
    assert answer.status_code == 202
    assert answer.json()["youtube_url"] == "upload:übung.wav"
    assert answer.headers["Location"].endswith(answer.json()["job_id"])
    job = orchestrator.await_status(answer.json()["job_id"], "completed", "failed")
    assert job["transcription_text"] == expected_text(sound, "pt")
    assert job["overall_progress"] == 100.0
    stages = {name: stage["status"] for name, stage in job["stages"].items()}
    assert stages == {
        "download": "skipped",
        "normalization": "completed",
        "transcription": "completed",
    }
    remote_id = job["stages"]["normalization"]["job_id"]
    sent = orchestrator.services[Role.NORMALIZER].ledger().of(remote_id)
    assert sent.upload_sha256 == hashlib.sha256(sound).hexdigest()
    assert sent.fields["remove_noise"] == "false"


def test_the_same_content_is_processed_once_under_any_name(orchestrator: Orchestrator) -> None:
    sound = _SOUND + b"same"
    first = orchestrator.await_status(submit(orchestrator, sound), "completed")
    second = orchestrator.get(f"/jobs/{submit(orchestrator, sound, name='other.wav')}")
    assert second["status"] == "completed"
    assert second["transcription_text"] == first["transcription_text"]
    assert second["stages"]["download"]["status"] == "skipped"
    other = orchestrator.await_status(submit(orchestrator, sound + b"!"), "completed")
    assert other["transcription_text"] != first["transcription_text"]


def test_a_file_is_sent_again_when_its_normalization_is_repeated(
    orchestrator: Orchestrator,
) -> None:
    sound = _SOUND + b"again"
    normalizer = orchestrator.services[Role.NORMALIZER]
    normalizer.control(hold=True)
    job_id = submit(orchestrator, sound)

    def remote() -> str:
        return str(orchestrator.get(f"/jobs/{job_id}")["stages"]["normalization"]["job_id"] or "")

    wait_until(remote, timeout_s=20, what="the first attempt")
    normalizer.control(hold=False)
    normalizer.delete(remote())
    job = orchestrator.await_status(job_id, "completed", "failed")
    assert job["transcription_text"] == expected_text(sound)
    assert job["stages"]["normalization"]["attempt"] == 2


def test_a_missing_file_fails_its_job_with_a_reason(orchestrator: Orchestrator) -> None:
    orchestrator.services[Role.NORMALIZER].control(hold=True)
    job_id = submit(orchestrator, _SOUND + b"gone")
    orchestrator.await_status(job_id, "normalizing")
    orchestrator.post(f"/jobs/{job_id}/cancel")
    (uploads(orchestrator) / job_id).unlink()
    orchestrator.services[Role.NORMALIZER].control(hold=False)
    orchestrator.post(f"/jobs/{job_id}/retry")
    job = orchestrator.await_status(job_id, "completed", "failed")
    assert (job["error_stage"], job["error_code"]) == ("normalization", "source_gone")


def test_a_file_is_deleted_with_its_job(orchestrator: Orchestrator) -> None:
    job_id = submit(orchestrator, _SOUND + b"removed")
    orchestrator.await_status(job_id, "completed")
    assert (uploads(orchestrator) / job_id).read_bytes() == _SOUND + b"removed"
    assert orchestrator.delete(f"/jobs/{job_id}").status_code == 204
    assert not (uploads(orchestrator) / job_id).exists()


def test_an_aborted_upload_leaves_nothing_behind(orchestrator: Orchestrator) -> None:
    folder = uploads(orchestrator)
    folder.mkdir(exist_ok=True)
    before = set(folder.iterdir())
    address = urlsplit(orchestrator.address)
    with socket.create_connection((address.hostname or "", address.port or 0)) as client:
        client.sendall(
            b"POST /pipeline HTTP/1.1\r\nHost: api\r\nContent-Length: 1000000\r\n"
            + f"Content-Type: multipart/form-data; boundary={_BOUNDARY}\r\n\r\n{_HEAD}".encode()
            + bytes(300_000)
        )
        wait_until(lambda: set(folder.iterdir()) - before, timeout_s=10, what="the upload's draft")
    wait_until(
        lambda: not set(folder.iterdir()) - before, timeout_s=10, what="the draft to be removed"
    )


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"language": "klingon"}, "#/language"),
        ({"remove_noise": "perhaps"}, "#/remove_noise"),
        ({"youtube_url": "https://youtu.be/dQw4w9WgXcQ"}, "#/youtube_url"),
    ],
)
def test_an_invalid_field_is_named(
    orchestrator: Orchestrator, fields: dict[str, str], pointer: str
) -> None:
    answer = post(orchestrator, _SOUND, **fields)
    assert problem(answer) == (422, "invalid_request")
    assert [fault["pointer"] for fault in answer.json()["errors"]] == [pointer]


@pytest.mark.parametrize("form", [{"file": ("a.wav", b"")}, {"sound": ("a.wav", b"RIFF")}])
def test_a_form_without_a_file_is_refused(orchestrator: Orchestrator, form: Any) -> None:
    answer = requests.post(f"{orchestrator.address}/pipeline", files=form, timeout=10)
    assert problem(answer) == (422, "invalid_request")


def test_a_file_declared_too_large_is_rejected_before_it_is_sent(
    orchestrator: Orchestrator,
) -> None:
    address = urlsplit(orchestrator.address)
    with socket.create_connection((address.hostname or "", address.port or 0)) as client:
        client.settimeout(10)
        client.sendall(
            b"POST /pipeline HTTP/1.1\r\nHost: api\r\nConnection: close\r\n"
            b"Content-Type: multipart/form-data; boundary=b\r\n"
            b"Content-Length: 9999999999\r\n\r\n"
        )
        assert b" 413 " in client.recv(4096)


def test_a_large_file_is_streamed_to_disk(orchestrator: Orchestrator) -> None:
    assert orchestrator.api is not None
    children = Path(f"/proc/{orchestrator.api.pid}/task/{orchestrator.api.pid}/children")
    (server,) = children.read_text().split()

    def body(count: int) -> Iterator[bytes]:
        yield _HEAD.encode()
        for _ in range(count):
            yield bytes(_MIB)
        yield (
            f'\r\n--{_BOUNDARY}\r\nContent-Disposition: form-data; name="language"\r\n\r\n'
            f"klingon\r\n--{_BOUNDARY}--\r\n"
        ).encode()

    before = peak_memory_bytes(server)
    assert problem(post_form(orchestrator, body(100))) == (422, "invalid_request")
    assert peak_memory_bytes(server) - before < 30 * _MIB


def peak_memory_bytes(pid: str) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    (line,) = (line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024
