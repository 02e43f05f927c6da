"""The fake service keeps the contract that the real ones keep, over real sockets."""

import hashlib
import json
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from http.client import HTTPResponse
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.support.fake_service import (
    Artifact,
    FakeService,
    JobForm,
    downloaded,
    expected_text,
    normalized,
)
from tools.waiting import wait_until

URL = "https://www.youtube.com/watch?v=dQw4w9WgXcQ"
BASE_FORM = JobForm(
    identity="job_id",
    state="state",
    is_upper_case=True,
    running="transcribing",
    done="success",
    progress="fraction",
    error="error_message",
    is_extended=False,
)


@pytest.fixture
def http() -> Iterator[requests.Session]:
    with requests.Session() as session:
        yield session


@pytest.fixture(scope="module")
def downloader() -> Iterator[FakeService]:
    """Shared by the tests that leave its settings alone; they use addresses of their own."""
    with FakeService("downloader", stage_s=0.2) as service:
        yield service


def submit(
    http: requests.Session, service: FakeService, url: str = URL, key: str | None = None
) -> requests.Response:
    headers = {"Idempotency-Key": key} if key else {}
    body = {"url": url, "quality": "audio"}
    return http.post(f"{service.url}/jobs", json=body, headers=headers, timeout=10)


def upload(
    http: requests.Session, service: FakeService, content: bytes, **fields: str
) -> dict[str, Any]:
    files = {"file": ("audio.webm", content)}
    response = http.post(f"{service.url}/jobs", files=files, data=fields, timeout=10)
    assert response.status_code == 202, response.text
    job: dict[str, Any] = response.json()
    return job


def status(
    http: requests.Session,
    service: FakeService,
    remote_id: str,
    *,
    wait_s: int | None = None,
    etag: str | None = None,
) -> requests.Response:
    headers = {"Prefer": f"wait={wait_s}"} if wait_s is not None else {}
    headers |= {"If-None-Match": etag} if etag else {}
    return http.get(f"{service.url}/jobs/{remote_id}", headers=headers, timeout=30)


def wait_until_done(http: requests.Session, service: FakeService, remote_id: str) -> None:
    def is_done() -> bool:
        job = status(http, service, remote_id, wait_s=5).json()
        return str(job.get("status") or job.get("state")).lower() in {"completed", "success"}

    wait_until(is_done, timeout_s=10, what=f"{remote_id} to be done")


def fetch(http: requests.Session, service: FakeService, remote_id: str, what: str) -> Any:
    response = http.get(f"{service.url}/jobs/{remote_id}/{what}", timeout=10)
    assert response.status_code == 200, response.text
    return response.content if what == "download" else response.json()


def content_of(artifact: Artifact) -> bytes:
    return b"".join(artifact.chunks())


def test_a_url_becomes_the_expected_text_over_all_three_roles(http: requests.Session) -> None:
    with (
        FakeService("downloader", artifact_bytes=70_000) as downloader,
        FakeService("normalizer", artifact_bytes=40_000) as normalizer,
        FakeService("transcriber", job_form=BASE_FORM, honours_wait=False) as transcriber,
    ):
        download_id = submit(http, downloader).json()["id"]
        wait_until_done(http, downloader, download_id)
        audio = fetch(http, downloader, download_id, "download")
        norm_id = upload(http, normalizer, audio, remove_noise="true")["id"]
        wait_until_done(http, normalizer, norm_id)
        clean = fetch(http, normalizer, norm_id, "download")
        text_id = upload(http, transcriber, clean, language_in="pt", language_out="en")["job_id"]
        wait_until_done(http, transcriber, text_id)
        text = fetch(http, transcriber, text_id, "text")["text"]
        transcription = fetch(http, transcriber, text_id, "transcription")
        srt = fetch(http, transcriber, text_id, "download").decode()
    assert audio == content_of(downloaded(URL, 70_000))
    assert clean == content_of(normalized(hashlib.sha256(audio).hexdigest(), 40_000))
    assert text == transcription["full_text"]
    assert text == expected_text(
        URL, language="pt", language_out="en", audio_bytes=70_000, normalized_bytes=40_000
    )
    assert text != expected_text(
        URL, language="en", language_out="pt", audio_bytes=70_000, normalized_bytes=40_000
    )
    assert expected_text(URL) != expected_text(URL + "x")
    assert [segment["text"] in srt for segment in transcription["segments"]] == [True] * 6


def test_a_job_takes_the_form_that_was_asked_for(http: requests.Session) -> None:
    with FakeService("downloader", stage_s=0.2, job_form=BASE_FORM, hold=True) as service:
        job = submit(http, service).json()
        assert set(job) == {"job_id", "state", "progress"}
        assert job["state"] == "TRANSCRIBING"
        wait_until(
            lambda: status(http, service, job["job_id"]).json()["progress"] == 0.95,
            timeout_s=5,
            what="a fraction",
        )
        service.control(hold=False)
        wait_until_done(http, service, job["job_id"])


@pytest.mark.parametrize(("form", "shown"), [("absent", None), ("garbage", "about half")])
def test_progress_may_be_missing_or_nonsense(
    http: requests.Session, form: str, shown: str | None
) -> None:
    with FakeService("downloader", job_form={"progress": form}) as service:
        assert submit(http, service).json().get("progress") == shown


def test_a_service_of_the_base_contract_neither_waits_nor_marks_its_answers(
    http: requests.Session,
) -> None:
    with FakeService("downloader", stage_s=60, honours_wait=False) as service:
        answer = status(http, service, submit(http, service).json()["id"], wait_s=20)
        assert answer.status_code == 200
        assert answer.elapsed.total_seconds() < 5
        assert {"ETag", "Preference-Applied"}.isdisjoint(answer.headers)


def test_a_waiting_call_answers_at_the_next_step_of_progress(
    http: requests.Session, downloader: FakeService
) -> None:
    remote_id = submit(http, downloader, url="https://youtu.be/steps").json()["id"]
    etags: list[str] = []
    etag = '"never-seen"'
    while not etags or etags[-1] != '"done-100"':
        answer = status(http, downloader, remote_id, wait_s=20, etag=etag)
        assert answer.headers["Preference-Applied"] == "wait=20"
        etag = answer.headers["ETag"]
        etags.append(etag)
    assert len(etags) == len(set(etags))
    assert 4 <= len(etags) <= 21


def test_answers_on_a_kept_connection_do_not_wait_for_acknowledgements(
    http: requests.Session, downloader: FakeService
) -> None:
    remote_id = submit(http, downloader, url="https://youtu.be/quick").json()["id"]
    since = time.monotonic()
    for _ in range(50):
        status(http, downloader, remote_id)
    assert time.monotonic() - since < 1.5  # 40 ms each would be 2 s; it takes 0.1 s


def test_a_wait_without_a_change_ends_with_304(http: requests.Session) -> None:
    with FakeService("downloader", stage_s=600) as service:
        remote_id = submit(http, service).json()["id"]
        etag = status(http, service, remote_id).headers["ETag"]
        answer = status(http, service, remote_id, wait_s=1, etag=etag)
        assert (answer.status_code, answer.content) == (304, b"")
        assert answer.elapsed.total_seconds() >= 1


def test_a_deletion_wakes_whoever_waits(http: requests.Session) -> None:
    with FakeService("downloader", stage_s=600) as service, ThreadPoolExecutor(1) as pool:
        remote_id = submit(http, service).json()["id"]
        waiting = pool.submit(status, http, service, remote_id, wait_s=30)
        wait_until(lambda: service.ledger().waiting, timeout_s=5, what="the wait")
        assert requests.delete(f"{service.url}/jobs/{remote_id}", timeout=10).status_code == 200
        assert waiting.result(timeout=5).status_code == 404
        assert service.ledger().submissions[0].deletes == 1


def test_the_same_key_and_body_give_the_same_job(
    http: requests.Session, downloader: FakeService
) -> None:
    first, second = (submit(http, downloader, url=URL, key="a:download:1") for _ in range(2))
    other_key = submit(http, downloader, url=URL, key="a:download:2")
    other_body = submit(http, downloader, url=URL + "x", key="a:download:1")
    assert first.json()["id"] == second.json()["id"] != other_key.json()["id"]
    assert other_body.status_code == 422
    kept = [s for s in downloader.ledger().submissions if s.idempotency_key == "a:download:1"]
    assert [submission.replays for submission in kept] == [1]


def test_simultaneous_submissions_under_one_key_give_one_job(downloader: FakeService) -> None:
    with ThreadPoolExecutor(8) as pool, requests.Session() as http:
        answers = pool.map(lambda _: submit(http, downloader, key="together").json(), range(16))
        assert len({answer["id"] for answer in answers}) == 1


def test_without_idempotency_every_submission_is_a_job(http: requests.Session) -> None:
    with FakeService("downloader", honours_idempotency=False) as service:
        ids = {submit(http, service, key="same").json()["id"] for _ in range(3)}
        assert len(ids) == len(service.ledger().submissions) == 3


def test_a_full_queue_refuses_and_keeps_nothing(http: requests.Session) -> None:
    with FakeService("downloader", queue=1, retry_after_s=7, stage_s=600) as service:
        submit(http, service, key="first")
        refused = submit(http, service, url=URL + "2", key="second")
        again = submit(http, service, key="first")
        assert (refused.status_code, refused.headers["Retry-After"]) == (429, "7")
        assert refused.json()["code"] == "queue_full"
        assert again.status_code == 202
        assert (len(service.ledger().submissions), service.ledger().refused) == (1, 1)


def test_a_job_is_queued_before_it_is_worked_on(http: requests.Session) -> None:
    with FakeService("downloader", queued_s=0.3, stage_s=0.1) as service:
        job = submit(http, service).json()
        assert job["status"] == "queued"
        changed = status(http, service, job["id"], wait_s=10)
        assert changed.json()["status"] == "processing"
        assert changed.elapsed.total_seconds() > 0.1


def test_the_transcriber_shows_what_it_has_so_far(http: requests.Session) -> None:
    with FakeService("transcriber", hold=True, stage_s=0) as service:
        remote_id = upload(http, service, b"audio", language_in="en")["id"]
        partial = fetch(http, service, remote_id, "transcription")
        text = http.get(f"{service.url}/jobs/{remote_id}/text", timeout=10)
        service.control(hold=False)
        whole = fetch(http, service, remote_id, "transcription")
    assert text.status_code == 409
    assert (partial["partial"], whole["partial"]) == (True, False)
    assert 0 < len(partial["segments"]) < len(whole["segments"])


def test_a_submission_without_a_file_or_an_address_is_refused(http: requests.Session) -> None:
    with FakeService("normalizer") as service:
        form = {"remove_noise": (None, "true")}
        assert http.post(f"{service.url}/jobs", files=form, timeout=10).status_code == 422
        assert http.post(f"{service.url}/jobs", json={}, timeout=10).status_code == 422
        assert http.post(f"{service.url}/jobs", data="}", timeout=10).status_code == 422


def test_the_ledger_tells_what_was_asked_about_a_job(http: requests.Session) -> None:
    with FakeService("normalizer", stage_s=0) as service:
        remote_id = upload(http, service, b"audio", isolate_vocals="false")["id"]
        status(http, service, remote_id)
        fetch(http, service, remote_id, "download")
        assert status(http, service, "never-given-out").status_code == 404
        ledger = service.ledger()
    (record,) = ledger.submissions
    assert (record.remote_id, record.fields) == (remote_id, {"isolate_vocals": "false"})
    assert (record.upload_sha256, record.upload_bytes) == (hashlib.sha256(b"audio").hexdigest(), 5)
    assert (record.polls, record.waits, record.downloads, ledger.unknown) == (1, 0, 1, 1)


def test_cleaning_up_removes_the_finished_and_when_deep_all(http: requests.Session) -> None:
    with FakeService("downloader", stage_s=0) as service:
        done = submit(http, service).json()["id"]
        service.control(stage_s=600)
        running = submit(http, service).json()["id"]
        cleanup = f"{service.url}/admin/cleanup"
        assert http.post(cleanup, json={}, timeout=10).json()["files_removed"] == 1
        assert status(http, service, done).status_code == 404
        assert status(http, service, running).status_code == 200
        assert http.post(cleanup, json={"deep": True}, timeout=10).json()["files_removed"] == 1
        assert http.get(f"{service.url}/jobs", timeout=10).json()["jobs"] == []


def test_health_names_the_service(http: requests.Session, downloader: FakeService) -> None:
    health = http.get(f"{downloader.url}/health", timeout=10).json()
    assert (health["status"], health["service"]) == ("healthy", "video-downloader")


class LargeForm:
    """A multipart body that is made while it is sent."""

    HEAD = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
    TAIL = b"\r\n--b--\r\n"

    def __init__(self, artifact: Artifact) -> None:
        self._artifact = artifact

    def __len__(self) -> int:
        return len(self.HEAD) + self._artifact.size_bytes + len(self.TAIL)

    def __iter__(self) -> Iterator[bytes]:
        yield self.HEAD
        yield from self._artifact.chunks()
        yield self.TAIL


def memory_peak_bytes(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    (peak,) = (line.split()[1] for line in lines if line.startswith("VmHWM"))
    return int(peak) * 1024


def test_large_files_pass_through_without_being_kept(http: requests.Session) -> None:
    size_bytes = 100_000_000
    artifact = downloaded(URL, size_bytes)
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    with FakeService("normalizer", stage_s=0, artifact_bytes=size_bytes) as service:
        before = memory_peak_bytes(service.pid)
        form = LargeForm(artifact)
        job = http.post(f"{service.url}/jobs", data=form, headers=headers, timeout=60).json()
        made = hashlib.sha256()
        with http.get(
            f"{service.url}/jobs/{job['id']}/download", stream=True, timeout=60
        ) as answer:
            for chunk in answer.iter_content(1_000_000):
                made.update(chunk)
        assert memory_peak_bytes(service.pid) - before < 30_000_000
        assert service.ledger().submissions[0].upload_sha256 == artifact.sha256()
    assert made.hexdigest() == normalized(artifact.sha256(), size_bytes).sha256()


def cpu_s(pid: int) -> float:
    user, system = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()[11:13]
    return (int(user) + int(system)) / 100


def read_json(connection: socket.socket) -> Any:
    with HTTPResponse(connection) as response:
        response.begin()
        return json.loads(response.read())


def test_500_calls_wait_at_once_at_little_cost_and_are_answered_together() -> None:
    with (
        FakeService("downloader", stage_s=0, hold=True) as service,
        requests.Session() as http,
        ExitStack() as sockets,
    ):
        remote_id = submit(http, service).json()["id"]
        ask = f"GET /jobs/{remote_id} HTTP/1.1\r\nHost: fake\r\nPrefer: wait=30\r\n\r\n".encode()
        address = ("127.0.0.1", service.settings.port)
        waiting = [
            sockets.enter_context(socket.create_connection(address, timeout=20)) for _ in range(500)
        ]
        for connection in waiting:
            connection.sendall(ask)
        wait_until(lambda: service.ledger().waiting == 500, timeout_s=10, what="500 waits")
        before_s, since = cpu_s(service.pid), time.monotonic()
        service.control(hold=False)
        answers = [read_json(connection) for connection in waiting]
        assert time.monotonic() - since < 3
        assert cpu_s(service.pid) - before_s < 1
        assert {answer["status"] for answer in answers} == {"completed"}
