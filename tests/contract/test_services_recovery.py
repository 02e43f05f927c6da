"""A job whose worker is killed or stopped still completes, and only once."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from tests.support.service_cases import Case
from tests.support.services import ServiceProcesses
from tools.waiting import wait_until

pytest_plugins = ["tests.support.service_fixtures"]

RECOVERED_WITHIN_S = 15
NAMES = {"dl_": "downloader", "norm_": "normalizer", "trans_": "transcriber"}


class Bench:
    """The example service with a scripted job."""

    def __init__(self, service: ServiceProcesses, directory: Path) -> None:
        self.service = service
        self.script = directory / "script"

    def start_job(self, command: str, status: str = "greeting") -> str:
        """Submit a job, and return its id once its work has executed a command."""
        self.write_script(command)
        job = self.service.submit(json={"name": "you", "script": str(self.script)})
        self.service.wait_for_status(job["id"], status)
        return str(job["id"])

    def write_script(self, command: str) -> None:
        """Write a command for the work, atomically."""
        draft = self.script.with_suffix(".draft")
        draft.write_text(command)
        draft.rename(self.script)

    def wait_until_rerun(self, job_id: str, owner: str) -> None:
        """Block until another run of a job has started."""
        wait_until(
            lambda: (
                self.read(job_id, "owner") not in {owner, ""}
                and self.service.get(job_id)["status"] == "greeting"
            ),
            timeout_s=RECOVERED_WITHIN_S,
            what="another run",
        )

    def read(self, job_id: str, name: str) -> str:
        """Return an internal field of a job."""
        return read_field(self.service, f"example:job:{job_id}", name)

    def list_children(self) -> list[int]:
        """List the processes that do the worker's jobs."""
        return list_children(self.service.processes["worker"].pid)

    def end_of(self, job_id: str) -> dict[str, Any]:
        """Let the job end; return it."""
        self.write_script("done")
        return self.service.follow(job_id)


def read_field(service: ServiceProcesses, key: str, name: str) -> str:
    """Return an internal field of a job."""
    with redis.Redis.from_url(service.redis_url, decode_responses=True) as client:
        return client.hget(key, name) or ""


def list_children(pid: int) -> list[int]:
    """List the processes that a process has started."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return [int(child) for task in tasks for child in (task / "children").read_text().split()]


def is_alive(pid: int) -> bool:
    """Return whether a process is running; a zombie is not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


@pytest.fixture
def bench(redis_url: str, tmp_path: Path) -> Iterator[Bench]:
    with ServiceProcesses("tests.support.example_service", redis_url, tmp_path) as service:
        yield Bench(service, tmp_path)


@pytest.mark.parametrize("victim", ["the process that works", "the whole worker"])
def test_a_job_whose_worker_is_killed_resumes_from_its_checkpoint(
    bench: Bench, victim: str
) -> None:
    job_id = bench.start_job("7")
    owner, children = bench.read(job_id, "owner"), bench.list_children()
    if victim == "the whole worker":
        bench.service.processes["worker"].kill()
        bench.service.processes["worker"].wait()
        wait_until(lambda: not any(map(is_alive, children)), timeout_s=5, what="all to be dead")
        bench.service.start_worker()
    else:
        os.kill(children[0], signal.SIGKILL)
    bench.wait_until_rerun(job_id, owner)
    job = bench.end_of(job_id)
    assert (job["status"], job["details"]["checkpoint"]) == ("completed", {"word": "7"})
    assert bench.read(job_id, "runs") == "2"
    kept = [path.name for path in bench.service.list_files() if job_id in str(path)]
    wait_until(lambda: len(bench.service.list_files()) == 2, timeout_s=5, what=f"two of {kept}")


def test_a_job_that_takes_down_two_workers_fails_and_may_be_tried_again(bench: Bench) -> None:
    job_id = bench.start_job("7")
    owner = bench.read(job_id, "owner")
    os.kill(bench.list_children()[0], signal.SIGKILL)
    bench.wait_until_rerun(job_id, owner)
    os.kill(bench.list_children()[0], signal.SIGKILL)
    job = bench.service.follow(job_id)
    assert (job["status"], job["error_code"], job["retryable"]) == ("failed", "internal", True)


@pytest.mark.parametrize("victim", ["the process that works", "the whole worker", "all at once"])
def test_processes_of_a_killed_worker_do_not_outlive_it(bench: Bench, victim: str) -> None:
    job_id = bench.start_job("hang", status="hanging")
    started: int = bench.service.get(job_id)["details"]["pid"]
    worker, workers_child = bench.service.processes["worker"], bench.list_children()[0]
    assert is_alive(started)
    if victim != "the process that works":
        worker.kill()
    if victim != "the whole worker":
        os.kill(workers_child, signal.SIGKILL)
    wait_until(lambda: not is_alive(started), timeout_s=5, what="the started process to end")


def test_a_cancelled_work_that_does_not_stop_is_killed_with_all_that_it_started(
    bench: Bench,
) -> None:
    job_id = bench.start_job("hang", status="hanging")
    started: int = bench.service.get(job_id)["details"]["pid"]
    bench.service.call("DELETE", f"/jobs/{job_id}")
    wait_until(lambda: not is_alive(started), timeout_s=10, what="the started process to end")
    bench.write_script("done")
    follower = bench.service.submit(json={"name": "next"})
    assert bench.service.follow(follower["id"])["status"] == "completed"
    assert not [path for path in bench.service.list_files() if job_id in str(path)]


@pytest.mark.parametrize("word", ["7", "hang"])
def test_a_stopping_worker_hands_its_job_back(bench: Bench, word: str) -> None:
    job_id = bench.start_job(word, status="hanging" if word == "hang" else "greeting")
    worker = bench.service.processes["worker"]
    worker.terminate()
    worker.wait(timeout=10)
    assert bench.service.get(job_id)["status"] == "queued"
    bench.write_script("7")
    bench.service.start_worker()
    bench.service.wait_for_status(job_id, "greeting")
    assert bench.end_of(job_id)["status"] == "completed"
    assert bench.read(job_id, "runs") == "1"


def test_a_job_whose_message_is_lost_is_sent_again(bench: Bench) -> None:
    bench.start_job("7")
    waiting = bench.service.submit(json={"name": "waiting"})
    with redis.Redis.from_url(bench.service.redis_url) as client:
        assert client.delete("example:celery:example") == 1
    bench.write_script("done")
    assert bench.service.follow(waiting["id"])["status"] == "completed"


def test_a_worker_that_resumes_too_late_changes_nothing(bench: Bench) -> None:
    job_id = bench.start_job("7")
    owner, frozen = bench.read(job_id, "owner"), bench.list_children()[0]
    os.kill(frozen, signal.SIGSTOP)
    try:
        bench.service.start_worker(name="second")
        bench.wait_until_rerun(job_id, owner)
        job = bench.end_of(job_id)
    finally:
        os.kill(frozen, signal.SIGCONT)
    follower = bench.service.submit(json={"name": "next"})
    assert bench.service.follow(follower["id"])["status"] == "completed"
    assert bench.service.get(job_id) == job
    assert bench.service.call("GET", f"/jobs/{job_id}/download").text == "Hello, you!"


@pytest.mark.parametrize("victim", ["the process that works", "the whole worker"])
def test_each_service_completes_a_job_whose_worker_was_killed(case: Case, victim: str) -> None:
    name = NAMES[case.id_prefix]
    completed = int(read_field(case.service, f"{name}:totals", "completed") or 0)
    job_id = case.service.submit(**case.slow())["id"]
    wait_until(
        lambda: case.service.get(job_id)["status"] != "queued",
        timeout_s=60,
        what="the work to begin",
    )
    worker = case.service.processes["worker"]
    for child in list_children(worker.pid):
        os.kill(child, signal.SIGKILL)
    if victim == "the whole worker":
        worker.kill()
        worker.wait()
        case.service.start_worker()
    job = case.service.follow(job_id)
    assert job["status"] == "completed", job
    assert read_field(case.service, f"{name}:job:{job_id}", "runs") == "2"
    assert int(read_field(case.service, f"{name}:totals", "completed")) == completed + 1
