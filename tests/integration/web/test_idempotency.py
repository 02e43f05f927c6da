"""``Idempotency-Key`` on ``POST /pipeline``."""

import requests

from orchestrator.store import keys
from tests.support.orchestrator import Orchestrator


def post(orchestrator: Orchestrator, key: str, video: str) -> requests.Response:
    return requests.post(
        f"{orchestrator.address}/pipeline",
        json={"youtube_url": orchestrator.video(video)},
        headers={"Idempotency-Key": key},
        timeout=10,
    )


def test_a_repeated_request_gets_the_first_response_and_one_job(orchestrator: Orchestrator) -> None:
    total = orchestrator.get("/jobs")["total"]
    first, second = (post(orchestrator, "twice", "idempotent") for _ in range(2))
    assert first.status_code == second.status_code == 202
    assert first.json() == second.json()
    assert first.headers["Location"] == second.headers["Location"]
    assert orchestrator.get("/jobs")["total"] == total + 1
    orchestrator.await_status(first.json()["job_id"], "completed")


def test_a_key_cannot_be_used_for_another_request(orchestrator: Orchestrator) -> None:
    job_id = post(orchestrator, "other", "one").json()["job_id"]
    answer = post(orchestrator, "other", "another")
    assert answer.status_code == 422
    assert answer.json()["code"] == "idempotency_key_reused"
    orchestrator.await_status(job_id, "completed")


def test_a_request_in_progress_conflicts(orchestrator: Orchestrator) -> None:
    job_id = post(orchestrator, "flying", "flying").json()["job_id"]
    orchestrator.await_status(job_id, "completed")
    with orchestrator.redis() as client:
        (name,) = (
            name for name in client.scan_iter(keys.reply("*")) if job_id in (client.get(name) or "")
        )
        entry = client.get(name) or ""
        fingerprint = entry[: entry.index(', "reply"')] + "}"
        client.set(name, fingerprint)
        answer = post(orchestrator, "flying", "flying")
        client.delete(name)
    assert answer.status_code == 409
    assert answer.json()["code"] == "idempotency_key_in_use"


def test_a_rejected_request_releases_its_key(orchestrator: Orchestrator) -> None:
    refused = requests.post(
        f"{orchestrator.address}/pipeline",
        json={"youtube_url": "http://elsewhere.test/"},
        headers={"Idempotency-Key": "mended"},
        timeout=10,
    )
    assert refused.status_code == 422
    accepted = post(orchestrator, "mended", "mended")
    assert accepted.status_code == 202
    orchestrator.await_status(accepted.json()["job_id"], "completed")


def test_a_lost_response_creates_no_second_job(orchestrator: Orchestrator) -> None:
    first = post(orchestrator, "lost", "lost").json()["job_id"]
    orchestrator.await_status(first, "completed")
    with orchestrator.redis() as client:
        names = client.scan_iter(keys.reply("*"))
        client.delete(*(name for name in names if first in (client.get(name) or "")))
    again = post(orchestrator, "lost", "lost")
    assert (again.status_code, again.json()["job_id"]) == (202, first)
    other = post(orchestrator, "lost-too", "lost").json()["job_id"]
    assert other != first


def test_a_key_that_is_too_long_is_rejected(orchestrator: Orchestrator) -> None:
    assert post(orchestrator, "k" * 256, "endless").status_code == 422


def upload(orchestrator: Orchestrator, key: str, content: bytes, **form: str) -> requests.Response:
    return requests.post(
        f"{orchestrator.address}/pipeline",
        files={"file": ("talk.wav", content)},
        data=form,
        headers={"Idempotency-Key": key},
        timeout=10,
    )


def test_an_upload_is_identified_by_its_bytes_and_fields(orchestrator: Orchestrator) -> None:
    first = upload(orchestrator, "upload", b"AAAA", language="en")
    assert first.status_code == 202
    assert upload(orchestrator, "upload", b"AAAA", language="en").json() == first.json()
    for other in (
        upload(orchestrator, "upload", b"BBBB", language="en"),
        upload(orchestrator, "upload", b"AAAA", language="pt"),
    ):
        assert other.status_code == 422
        assert other.json()["code"] == "idempotency_key_reused"
    orchestrator.await_status(first.json()["job_id"], "completed")


def test_a_form_has_one_file_and_readable_metadata(orchestrator: Orchestrator) -> None:
    address = f"{orchestrator.address}/pipeline"
    two = [("file", ("a.wav", b"a")), ("file", ("b.wav", b"b"))]
    assert requests.post(address, files=two, timeout=10).status_code == 422
    nested = upload(orchestrator, "nested", b"AAAA", metadata="[" * 100_000)
    assert nested.status_code == 422
    assert nested.json()["code"] == "invalid_request"
