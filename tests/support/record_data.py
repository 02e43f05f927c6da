"""Records this version's data in Redis: ``python -m tests.support.record_data PATH``.

Run it before a release changes keys or messages; ``test_schema_version.py`` drives every recording
to its end. One job of every kind is in it: ended in each way, at each service when its worker is
killed, and waiting on the broker; batches, a delivery that has not arrived and an upload.
"""

import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests

from tests.support.fake_service import Role
from tests.support.orchestrator import Orchestrator
from tests.support.receiver import WEBHOOK_SECRET
from tests.support.recording import Recording, now_ms, read_all
from tests.support.redis_server import RedisServer
from tools.waiting import wait_until

_SETTINGS: Mapping[str, str | float] = {
    "ALLOW_PRIVATE_ADDRESSES": "true",
    "WEBHOOK_SECRET": WEBHOOK_SECRET,
    "RETRY_BACKOFF_BASE_SECONDS": 0.1,
}
CALLBACK = "http://127.0.0.1:9/hook"
"""The URL of a webhook, where no server listens."""
UPLOADED = "the sound of an uploaded file " * 20


def record(path: Path) -> None:
    """Run the orchestrator, kill its worker during work, and write the data in Redis."""
    with (
        tempfile.TemporaryDirectory() as directory,
        RedisServer() as server,
        Orchestrator(Path(directory), server, services={"stage_s": 0.2}, **_SETTINGS) as one,
        one.redis() as client,
    ):
        jobs = _end_some(one) | _start_some(one)
        one.workers[0].kill()
        uploads = _leave_some(one, jobs)
        recording = Recording(
            recorded_at_ms=now_ms(client),
            services={role: _place(fake.url) for role, fake in one.services.items()},
            jobs=jobs,
            uploads=uploads,
            values=read_all(client),
        )
    recording.save(path)


def _place(url: str) -> str:
    """Return host and port, without the slashes, which may be escaped in the data."""
    return urlsplit(url).netloc


def _end_some(orchestrator: Orchestrator) -> dict[str, str]:
    jobs = {"completed": orchestrator.submit("completed", callback_url=CALLBACK)}
    orchestrator.await_status(jobs["completed"], "completed")
    orchestrator.services[Role.DOWNLOADER].control(fail_next=1)
    jobs["failed"] = orchestrator.submit("failed")
    orchestrator.await_status(jobs["failed"], "failed")
    return jobs


def _start_some(orchestrator: Orchestrator) -> dict[str, str]:
    """Submit a job for each service, the last service first, and cancel another one."""
    jobs = {}
    for role, status in (
        (Role.TRANSCRIBER, "transcribing"),
        (Role.NORMALIZER, "normalizing"),
        (Role.DOWNLOADER, "downloading"),
    ):
        orchestrator.services[role].control(hold=True)
        jobs[status] = orchestrator.submit(status)
        _await_remote_job(orchestrator, jobs[status], status)
    jobs["cancelled"] = orchestrator.submit("cancelled")
    orchestrator.await_status(jobs["cancelled"], "downloading")
    orchestrator.post(f"/jobs/{jobs['cancelled']}/cancel")
    return jobs


def _leave_some(orchestrator: Orchestrator, jobs: dict[str, str]) -> dict[str, str]:
    """Submit jobs without a worker; return the uploaded files."""
    for priority in ("low", "normal"):
        jobs[f"queued {priority}"] = orchestrator.submit(f"queued-{priority}", priority=priority)
    files = {"file": ("talk.wav", UPLOADED.encode())}
    uploaded = _post(orchestrator, "/pipeline", files=files)
    jobs["uploaded"] = uploaded["job_id"]
    urls = [orchestrator.video(f"batch-{number}") for number in range(2)]
    jobs["batch"] = _post(orchestrator, "/batches", json={"youtube_urls": urls})["batch_id"]
    playlist = {"playlist_url": orchestrator.video("playlist")}
    jobs["playlist"] = _post(orchestrator, "/batches", json=playlist)["batch_id"]
    return {jobs["uploaded"]: UPLOADED}


def _post(orchestrator: Orchestrator, path: str, **body: Any) -> dict[str, str]:
    answer = requests.post(f"{orchestrator.address}{path}", timeout=10, **body)
    assert answer.status_code == 202, answer.text
    found: dict[str, str] = answer.json()
    return found


def _await_remote_job(orchestrator: Orchestrator, job_id: str, status: str) -> None:
    def has_one() -> bool:
        job = orchestrator.get(f"/jobs/{job_id}")
        at_work = [one for one in job["stages"].values() if one["status"] == "processing"]
        return job["status"] == status and any(one["job_id"] for one in at_work)

    wait_until(has_one, timeout_s=20, what=f"{job_id} at its service")


if __name__ == "__main__":
    record(Path(sys.argv[1]))
