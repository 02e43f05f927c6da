"""Batches of videos."""

from typing import Any

import requests

from tests.support.fake_service import Role, expected_text
from tests.support.orchestrator import Orchestrator
from tools.waiting import wait_until


def submit(orchestrator: Orchestrator, urls: list[str], **options: Any) -> requests.Response:
    body = {"youtube_urls": urls, **options}
    return requests.post(f"{orchestrator.address}/batches", json=body, timeout=10)


def test_every_video_of_a_batch_gets_a_job(orchestrator: Orchestrator) -> None:
    urls = [orchestrator.video(f"batched-{number}") for number in range(5)]
    answer = submit(orchestrator, urls, language="pt")
    assert answer.status_code == 202
    path = answer.headers["Location"]
    assert answer.json()["total"] == 5

    wait_until(
        lambda: orchestrator.get(path)["status"] == "completed", timeout_s=40, what="the batch"
    )
    batch = orchestrator.get(path)
    assert batch["counts"] == {"completed": 5}
    assert [item["youtube_url"] for item in batch["items"]] == urls
    for item in batch["items"]:
        job = orchestrator.get(f"/jobs/{item['job_id']}")
        assert job["transcription_text"] == expected_text(item["youtube_url"], language="pt")


def test_a_url_that_is_not_allowed_refuses_the_whole_batch(
    orchestrator: Orchestrator,
) -> None:
    total = orchestrator.get("/jobs")["total"]
    answer = submit(orchestrator, [orchestrator.video("good"), "http://elsewhere.test/bad"])
    assert answer.status_code == 422
    assert answer.json()["code"] == "unsupported_url"
    assert orchestrator.get("/jobs")["total"] == total


def test_a_batch_has_a_maximum_size(orchestrator: Orchestrator) -> None:
    assert submit(orchestrator, [orchestrator.video("many")] * 501).status_code == 422
    assert submit(orchestrator, []).status_code == 422


def test_a_cancelled_batch_cancels_its_jobs(orchestrator: Orchestrator) -> None:
    orchestrator.services[Role.DOWNLOADER].control(hold=True)
    path = submit(orchestrator, [orchestrator.video("dropped")] * 3).headers["Location"]
    wait_until(
        lambda: orchestrator.get(path)["counts"].get("downloading") == 3,
        timeout_s=20,
        what="the jobs to run",
    )
    batch = orchestrator.post(f"{path}/cancel").json()
    assert batch["status"] == "cancelled"
    assert batch["counts"] == {"cancelled": 3}
    assert orchestrator.post(f"{path}/cancel").json() == batch


def test_an_unknown_batch_is_not_found(orchestrator: Orchestrator) -> None:
    assert orchestrator.get("/batches/0123456789abcdef")["code"] == "batch_not_found"
