"""The fake service misbehaves as planned, is down on request, and is reproducible."""

import base64
import hashlib
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from http import HTTPStatus
from pathlib import Path

import pytest
import requests

from tests.support.fake_service import Down, Failure, FakeService, Fault, FaultPlan
from tools.waiting import wait_until

URL = "https://www.youtube.com/watch?v=dQw4w9WgXcQ"


@pytest.fixture
def http() -> Iterator[requests.Session]:
    with requests.Session() as session:
        yield session


def always(fault: Fault) -> FaultPlan:
    """Plan one fault for the first two calls of each kind that it can hit."""
    return FaultPlan(seed=1, rates={fault: 1.0})


def submit(
    http: requests.Session, service: FakeService, url: str = URL, timeout_s: float = 10
) -> requests.Response:
    headers = {"Idempotency-Key": f"key of {url}"}
    return http.post(f"{service.url}/jobs", json={"url": url}, headers=headers, timeout=timeout_s)


def status(http: requests.Session, service: FakeService, remote_id: str) -> requests.Response:
    return http.get(f"{service.url}/jobs/{remote_id}", timeout=10)


def download(http: requests.Session, service: FakeService, remote_id: str) -> requests.Response:
    return http.get(f"{service.url}/jobs/{remote_id}/download", timeout=10)


def outcome(call: Callable[[], requests.Response]) -> str:
    """Name what a client sees of a call."""
    try:
        answer = call()
        if "json" in answer.headers["Content-Type"]:
            answer.json()
    except requests.RequestException as error:
        return type(error).__name__
    return str(answer.status_code)


@pytest.mark.parametrize(
    ("fault", "seen", "accepted"),
    [
        (Fault.ERROR_500, "500", 0),
        (Fault.UNAVAILABLE, "503", 0),
        (Fault.RESET, "ConnectionError", 0),
        (Fault.BROKEN_UPLOAD, "ConnectionError", 0),
        (Fault.LOST_REPLY, "ConnectionError", 1),
        (Fault.GARBAGE, "JSONDecodeError", 1),
        (Fault.SLOW, "ReadTimeout", 1),
    ],
)
def test_a_submission_goes_wrong_twice_and_then_well(
    http: requests.Session, fault: Fault, seen: str, accepted: int
) -> None:
    with FakeService("downloader", faults=always(fault), slow_s=2) as service:
        timeout_s = 0.5 if fault is Fault.SLOW else 10
        for _ in range(2):
            assert outcome(lambda: submit(http, service, timeout_s=timeout_s)) == seen
            assert len(service.ledger().submissions) == accepted
        assert submit(http, service).status_code == 202
        ledger = service.ledger()
    assert len(ledger.submissions) == 1
    assert ledger.faults == {f"submit:{fault}": 2}


def test_an_upload_is_reset_while_it_is_still_arriving() -> None:
    head = (
        b"POST /jobs HTTP/1.1\r\nHost: fake\r\nContent-Length: 50000000\r\n"
        b"Content-Type: multipart/form-data; boundary=b\r\n\r\n"
        b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
    )
    with FakeService("normalizer", faults=always(Fault.BROKEN_UPLOAD)) as service:
        address = ("127.0.0.1", service.settings.port)
        with socket.create_connection(address, timeout=10) as connection:
            connection.sendall(head + bytes(200_000))
            with pytest.raises(ConnectionResetError):
                connection.recv(1)
        assert service.ledger().submissions == []
        assert service.ledger().faults == {"submit:broken_upload": 1}


@pytest.mark.parametrize(
    ("fault", "seen"),
    [
        (Fault.ERROR_500, "500"),
        (Fault.UNAVAILABLE, "503"),
        (Fault.RESET, "ConnectionError"),
        (Fault.GARBAGE, "JSONDecodeError"),
    ],
)
def test_status_calls_go_wrong_twice_and_then_well(
    http: requests.Session, fault: Fault, seen: str
) -> None:
    with FakeService("downloader") as service:
        remote_id = submit(http, service).json()["id"]
        service.control(faults=always(fault))
        seen_in_turn = [outcome(lambda: status(http, service, remote_id)) for _ in range(3)]
        assert seen_in_turn == [seen, seen, "200"]
        assert service.ledger().submissions[0].polls == 3


def test_an_unavailable_service_says_when_to_come_back(http: requests.Session) -> None:
    with FakeService("downloader", faults=always(Fault.UNAVAILABLE), retry_after_s=4) as service:
        assert submit(http, service).headers["Retry-After"] == "4"


def test_a_truncated_download_is_shorter_than_announced(http: requests.Session) -> None:
    with FakeService("downloader", stage_s=0, faults=always(Fault.TRUNCATED)) as service:
        remote_id = submit(http, service).json()["id"]
        with http.get(f"{service.url}/jobs/{remote_id}/download", stream=True) as answer:
            assert answer.headers["Content-Length"] == "100000"
            with pytest.raises(requests.exceptions.ChunkedEncodingError, match="50000"):
                _ = answer.content
        seen = [outcome(lambda: download(http, service, remote_id)) for _ in range(2)]
        assert seen == ["ChunkedEncodingError", "200"]


def test_a_corrupted_download_has_the_right_length_and_the_wrong_digest(
    http: requests.Session,
) -> None:
    with FakeService("downloader", stage_s=0, faults=always(Fault.CORRUPTED)) as service:
        remote_id = submit(http, service).json()["id"]
        answers = [download(http, service, remote_id) for _ in range(3)]
    assert [len(answer.content) for answer in answers] == [100_000] * 3
    assert [has_right_digest(answer) for answer in answers] == [False, False, True]


def has_right_digest(answer: requests.Response) -> bool:
    digest = base64.b64encode(hashlib.sha256(answer.content).digest()).decode()
    return answer.headers["Repr-Digest"] == f"sha-256=:{digest}:"


def test_nothing_is_corrupted_where_no_digest_could_tell(http: requests.Session) -> None:
    plan = always(Fault.CORRUPTED)
    with FakeService("downloader", stage_s=0, faults=plan, digest=False) as service:
        remote_id = submit(http, service).json()["id"]
        first, second = (download(http, service, remote_id) for _ in range(2))
        assert first.content == second.content
        assert "Repr-Digest" not in first.headers
        assert service.ledger().faults == {}


def test_a_hidden_job_becomes_visible(http: requests.Session) -> None:
    with FakeService("downloader", faults=always(Fault.HIDDEN), hidden_s=0.3) as service:
        remote_id = submit(http, service).json()["id"]
        assert status(http, service, remote_id).status_code == 404
        wait_until(lambda: status(http, service, remote_id).ok, timeout_s=5, what="the job to show")


def test_a_forgotten_job_is_lost_for_good_and_its_key_is_free(http: requests.Session) -> None:
    with FakeService("downloader", faults=always(Fault.FORGOTTEN), stage_s=0.5) as service:
        remote_id = submit(http, service).json()["id"]
        assert status(http, service, remote_id).status_code == 200
        wait_until(
            lambda: status(http, service, remote_id).status_code == HTTPStatus.NOT_FOUND,
            timeout_s=5,
            what="the job to be forgotten",
        )
        assert submit(http, service).json()["id"] != remote_id
        assert [kept.fate for kept in service.ledger().submissions] == ["forgotten"] * 2


def test_progress_goes_back_and_the_job_still_ends(http: requests.Session) -> None:
    with FakeService("downloader", faults=always(Fault.BACKWARDS), stage_s=0.4) as service:
        remote_id = submit(http, service).json()["id"]
        shown = [0.0]
        while shown[-1] < 100:
            headers = {"Prefer": "wait=10"}
            job = http.get(f"{service.url}/jobs/{remote_id}", headers=headers, timeout=20).json()
            shown.append(job["progress"])
    assert shown != sorted(shown)


@pytest.mark.parametrize(
    ("fault", "is_retryable"), [(Fault.FAILED_RETRYABLE, True), (Fault.FAILED_PERMANENT, False)]
)
def test_a_job_fails_as_planned(
    http: requests.Session, fault: Fault, *, is_retryable: bool
) -> None:
    with FakeService("downloader", faults=always(fault), stage_s=0) as service:
        job = status(http, service, submit(http, service).json()["id"]).json()
        assert (job["status"], job["retryable"]) == ("failed", is_retryable)
        assert download(http, service, job["id"]).status_code == 409


def test_the_next_job_fails_when_told_to(http: requests.Session) -> None:
    with FakeService("downloader", stage_s=0) as service:
        service.control(fail_next=1, failure=Failure(code="private_video", message="Private"))
        ids = [submit(http, service, url=f"{URL}{number}").json()["id"] for number in range(2)]
        first, second = (status(http, service, remote_id).json() for remote_id in ids)
    assert (first["error"], first["error_code"]) == ("Private", "private_video")
    assert second["status"] == "completed"


def outcomes_of_a_run(seed: int) -> list[list[str]]:
    """Drive a fixed number of calls, and name what a client saw of each."""
    plan = FaultPlan.of_everything(seed, rate=0.05)
    with (
        FakeService("downloader", stage_s=0, slow_s=0, faults=plan) as service,
        requests.Session() as http,
    ):

        def submissions_of(url: str) -> list[str]:
            return [outcome(lambda: submit(http, service, url)) for _ in range(12)]

        seen = [submissions_of(f"{URL}&n={number}") for number in range(15)]
        records = service.ledger().submissions
    return [*seen, *([record.fields["url"], str(record.fate)] for record in records)]


def test_a_seed_reproduces_a_run() -> None:
    first, second, other = (outcomes_of_a_run(seed) for seed in (4, 4, 5))
    assert first == second != other
    assert all("202" in answers for answers in first[:15])
    assert len({answer for answers in first[:15] for answer in answers}) >= 4


def test_a_service_that_is_down_says_so_or_resets_and_comes_back(http: requests.Session) -> None:
    with FakeService("downloader") as service:
        service.control(down=Down.UNAVAILABLE)
        assert outcome(lambda: submit(http, service)) == "503"
        service.control(down=Down.RESETTING)
        assert outcome(lambda: submit(http, service)) == "ConnectionError"
        service.control(down=Down.NO)
        assert outcome(lambda: submit(http, service)) == "202"


def test_a_killed_service_refuses_connections_and_comes_back_empty_on_its_port(
    http: requests.Session,
) -> None:
    with FakeService("downloader") as service:
        url, remote_id = service.url, submit(http, service).json()["id"]
        service.kill()
        with pytest.raises(requests.ConnectionError):
            submit(http, service)
        assert service.start().url == url
        assert status(http, service, remote_id).status_code == 404
        assert service.ledger().unknown == 1


def test_a_paused_service_answers_nothing_until_it_goes_on(http: requests.Session) -> None:
    with FakeService("downloader") as service:
        service.pause()
        assert outcome(lambda: submit(http, service, timeout_s=0.3)) == "ReadTimeout"
        service.resume()
        assert submit(http, service).status_code == 202
        service.pause()


def test_an_unknown_setting_is_refused(http: requests.Session) -> None:
    with FakeService("downloader") as service:
        answer = http.post(f"{service.url}/control", json={"colour": "red"}, timeout=10)
        assert answer.status_code == 422


def test_no_fake_is_left_behind_by_a_killed_test_run() -> None:
    script = (
        "from tests.support.fake_service import FakeService\n"
        "service = FakeService('downloader').start()\n"
        "print(service.pid, flush=True)\n"
        "input()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as starter:
        assert starter.stdout is not None
        pid = int(starter.stdout.readline())
        assert Path(f"/proc/{pid}").exists()
        starter.kill()
    wait_until(lambda: not is_running(pid), timeout_s=10, what="the fake's end")


def is_running(pid: int) -> bool:
    """Return whether a process runs; one that has ended may still wait to be collected."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] != "Z"
    except FileNotFoundError:
        return False
