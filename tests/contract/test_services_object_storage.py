"""A service with its files in object storage, on a server with the S3 protocol."""

import hashlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests
import s3fs

from tests.support.service_cases import SAMPLES, upload
from tests.support.services import ServiceProcesses
from tools.ports import LOOPBACK, free_port
from tools.waiting import wait_until

BUCKET = "artifacts"
CALLERS = 20


@pytest.fixture(scope="module")
def storage() -> Iterator[dict[str, str]]:
    """Object storage with one bucket; yields the variables that configure it."""
    port = free_port()
    command = [sys.executable, "-m", "moto.server", "-H", LOOPBACK, "-p", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        url = f"http://{LOOPBACK}:{port}"
        try:
            wait_until(lambda: answers(url), timeout_s=60, what=url)
            assert requests.put(f"{url}/{BUCKET}", timeout=10).ok
            yield {
                "ARTIFACTS_URL": f"s3://{BUCKET}/services",
                "AWS_ENDPOINT_URL": url,
                "AWS_ACCESS_KEY_ID": "id",
                "AWS_SECRET_ACCESS_KEY": "secret",
                "AWS_DEFAULT_REGION": "us-east-1",
            }
        finally:
            server.terminate()


def answers(url: str) -> bool:
    """Return whether a server responds."""
    try:
        return bool(requests.get(url, timeout=5).status_code)
    except (requests.ConnectionError, requests.Timeout):
        return False


@pytest.fixture(scope="module")
def normalizer(
    storage: dict[str, str], redis_server: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServiceProcesses]:
    directory = tmp_path_factory.mktemp("normalizer")
    with ServiceProcesses(
        "services.normalizer", redis_server.url, directory, environment=storage
    ) as service:
        yield service


def list_keys(storage: dict[str, str]) -> list[str]:
    """List every object."""
    files = s3fs.S3FileSystem(
        endpoint_url=storage["AWS_ENDPOINT_URL"],
        key="id",
        secret="secret",
        use_listings_cache=False,
    )
    return [str(key) for key in files.find(BUCKET)]


def test_a_job_in_object_storage_leaves_no_local_files(
    normalizer: ServiceProcesses, storage: dict[str, str]
) -> None:
    job = normalizer.follow(normalizer.submit(**upload(SAMPLES / "jfk.wav"))["id"])
    assert job["status"] == "completed", job
    whole = normalizer.call("GET", f"/jobs/{job['id']}/download")
    assert hashlib.sha256(whole.content).hexdigest() == whole.headers["ETag"].strip('"')
    assert int(whole.headers["Content-Length"]) == len(whole.content) == job["size_bytes"]
    part = normalizer.call("GET", f"/jobs/{job['id']}/download", headers={"Range": "bytes=100-199"})
    assert (part.status_code, part.content) == (206, whole.content[100:200])
    assert part.headers["Repr-Digest"] == whole.headers["Repr-Digest"]
    wait_until(lambda: len(list_keys(storage)) == 1, timeout_s=5, what="only the artifact")
    wait_until(lambda: not normalizer.list_files(), timeout_s=5, what="no files here")
    stats = normalizer.call("GET", "/admin/stats").json()
    assert (stats["artifacts"]["files"], stats["artifacts"]["size_bytes"]) == (
        1,
        len(whole.content),
    )
    with ThreadPoolExecutor(CALLERS) as pool:  # many at once, over the API's one thread
        calls = [
            pool.submit(normalizer.call, "GET", f"/jobs/{job['id']}/download")
            for _ in range(CALLERS)
        ]
        assert {call.result().content for call in calls} == {whole.content}
    normalizer.call("DELETE", f"/jobs/{job['id']}")
    assert list_keys(storage) == []


def test_another_machine_resumes_a_job(
    storage: dict[str, str], redis_url: str, tmp_path: Path
) -> None:
    script = tmp_path / "script"
    script.write_text("7")
    package = "tests.support.example_service"
    here = ServiceProcesses(package, redis_url, tmp_path / "here", environment=storage)
    there = ServiceProcesses(package, redis_url, tmp_path / "there", environment=storage)
    with here:
        job_id = here.submit(json={"name": "you", "script": str(script)})["id"]
        here.wait_for_status(job_id, "greeting")
        partial = here.call("GET", f"/jobs/{job_id}/greeting").json()
        assert partial == {"text": "7", "partial": True}
        os.kill(here.processes["worker"].pid, signal.SIGKILL)
        with there:
            script.write_text("done")
            job = there.follow(job_id)
            assert (job["status"], job["details"]["checkpoint"]) == ("completed", {"word": "7"})
            assert there.call("GET", f"/jobs/{job_id}/download").text == "Hello, you!"
            assert here.call("GET", f"/jobs/{job_id}/greeting").json() == {"text": "Hello, you!"}
            here.call("DELETE", f"/jobs/{job_id}")
            assert list_keys(storage) == []
