"""Long polling, cancellation, back-pressure and cleanup, with a scripted service."""

import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest
import redis

from tests.support.service_cases import EXAMPLE_MAX_QUEUE
from tests.support.services import ServiceProcesses, as_object
from tools.waiting import wait_until

pytest_plugins = ["tests.support.service_fixtures"]

WAITING_CALLERS = 400


class Greeting:
    """One job of the example service, and its script."""

    def __init__(self, service: ServiceProcesses, script: Path) -> None:
        self.service = service
        self.script = script
        self.write_script("0")
        job = service.submit(json={"name": "you", "script": str(script)})
        self.path = f"/jobs/{job['id']}"
        self.id: str = job["id"]

    def write_script(self, command: str) -> None:
        """Write a command for the work, atomically."""
        draft = self.script.with_suffix(".draft")
        draft.write_text(command)
        draft.rename(self.script)

    def wait_for_start(self) -> None:
        """Block until the work has started."""
        self.service.wait_for_status(self.id, "greeting")


def count_waiting(service: ServiceProcesses) -> int:
    """Return the number of waiting jobs."""
    waiting = service.call("GET", "/admin/stats").json()["queue"]["waiting"]
    assert isinstance(waiting, int)
    return waiting


@pytest.fixture
def example(services: dict[str, ServiceProcesses]) -> ServiceProcesses:
    return services["example"]


@pytest.fixture
def greeting(example: ServiceProcesses, tmp_path: Path) -> Iterator[Greeting]:
    job = Greeting(example, tmp_path / "script")
    yield job
    job.write_script("done")
    if example.call("GET", job.path).ok:
        example.follow(job.id)
    wait_until(lambda: count_waiting(example) == 0, timeout_s=30, what="the queue to be empty")


def test_a_waiting_call_answers_at_the_next_step_of_progress(greeting: Greeting) -> None:
    greeting.wait_for_start()
    tag = greeting.service.call("GET", greeting.path).headers["ETag"]
    headers = {"Prefer": "wait=30", "If-None-Match": tag}
    with ThreadPoolExecutor() as pool:
        call = pool.submit(greeting.service.call, "GET", greeting.path, headers=headers)
        greeting.write_script("4")
        wait_until(
            lambda: greeting.service.get(greeting.id)["progress"] == 4,
            timeout_s=5,
            what="four percent",
        )
        assert not call.done()
        greeting.write_script("42")
        response = call.result(timeout=5)
    assert response.status_code == 200
    assert response.json()["progress"] == 42
    assert response.headers["ETag"] == 'W/"greeting-40"'
    assert response.headers["Preference-Applied"] == "wait=30"


def test_the_answer_to_a_submission_names_a_state_that_can_be_waited_with(
    example: ServiceProcesses, tmp_path: Path
) -> None:
    script = tmp_path / "script"
    script.write_text("done")
    answer = example.call("POST", "/jobs", json={"name": "Ana", "script": str(script)})
    assert answer.headers["ETag"] == 'W/"queued-0"'
    headers = {"Prefer": "wait=30", "If-None-Match": answer.headers["ETag"]}
    later = example.call("GET", f"/jobs/{answer.json()['id']}", headers=headers)
    assert later.status_code == 200
    assert later.json()["status"] != "queued"


def test_a_call_that_waited_in_vain_answers_304_after_its_time(greeting: Greeting) -> None:
    greeting.wait_for_start()
    tag = greeting.service.call("GET", greeting.path).headers["ETag"]
    start = time.monotonic()
    headers = {"Prefer": "wait=1", "If-None-Match": tag}
    response = greeting.service.call("GET", greeting.path, headers=headers)
    assert response.status_code == 304
    assert response.headers["ETag"] == tag
    assert 0.95 <= time.monotonic() - start < 5


def test_a_waiting_call_without_a_tag_answers_at_the_next_change(greeting: Greeting) -> None:
    greeting.wait_for_start()
    with ThreadPoolExecutor() as pool:
        call = pool.submit(
            greeting.service.call, "GET", greeting.path, headers={"Prefer": "wait=30"}
        )
        greeting.write_script("done")
        assert call.result(timeout=5).json()["status"] in {"greeting", "completed"}


def test_a_call_that_knows_an_older_tag_does_not_wait(greeting: Greeting) -> None:
    greeting.wait_for_start()
    start = time.monotonic()
    headers = {"Prefer": "wait=30", "If-None-Match": 'W/"queued-0"'}
    response = greeting.service.call("GET", greeting.path, headers=headers)
    assert response.json()["status"] == "greeting"
    assert time.monotonic() - start < 5


def test_updated_at_changes_while_the_work_continues(greeting: Greeting) -> None:
    greeting.wait_for_start()
    first = greeting.service.get(greeting.id)
    wait_until(
        lambda: greeting.service.get(greeting.id)["updated_at"] > first["updated_at"],
        timeout_s=5,
        what="updated_at to move",
    )
    assert greeting.service.get(greeting.id)["progress"] == first["progress"]


def test_hundreds_of_waiting_requests_need_no_threads_and_all_are_notified(
    greeting: Greeting,
) -> None:
    greeting.wait_for_start()
    tag = greeting.service.call("GET", greeting.path).headers["ETag"]
    request = (
        f"GET {greeting.path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        f"Prefer: wait=30\r\nIf-None-Match: {tag}\r\n\r\n"
    ).encode()
    callers = [
        socket.create_connection(("127.0.0.1", greeting.service.port), timeout=30)
        for _ in range(WAITING_CALLERS)
    ]
    for caller in callers:
        caller.sendall(request)
    # The API answers others meanwhile, on few threads.
    assert greeting.service.get(greeting.id)["status"] == "greeting"
    assert count_threads(greeting.service) < 20
    greeting.write_script("77")
    for caller in callers:
        with caller, caller.makefile("rb") as answer:
            assert b'"progress":77' in answer.read()


def count_threads(service: ServiceProcesses) -> int:
    """Return the number of threads of the API's processes."""
    master = service.processes["api"].pid
    children = Path(f"/proc/{master}/task/{master}/children").read_text().split()
    return sum(len(list(Path(f"/proc/{pid}/task").iterdir())) for pid in [master, *children])


def test_a_failed_job_has_an_error_code_and_its_class(greeting: Greeting) -> None:
    greeting.write_script("fail")
    job = greeting.service.follow(greeting.id)
    assert (job["status"], job["error_code"], job["retryable"]) == ("failed", "not_audio", False)
    assert job["error"] == "There is nothing to hear."
    response = greeting.service.call("GET", f"{greeting.path}/download")
    assert (response.status_code, response.json()["code"]) == (409, "not_completed")


def test_a_fault_of_the_work_is_internal_and_shows_no_stack_trace(greeting: Greeting) -> None:
    greeting.write_script("crash")
    job = greeting.service.follow(greeting.id)
    assert (job["status"], job["error_code"], job["retryable"]) == ("failed", "internal", True)
    assert "a fault of the work" not in str(job)


def test_a_removed_job_is_not_brought_back_by_its_worker(greeting: Greeting) -> None:
    greeting.wait_for_start()
    greeting.service.call("DELETE", greeting.path)  # cancels
    greeting.service.call("DELETE", greeting.path)  # removes
    follower = greeting.service.submit(json={"name": "next"})
    assert greeting.service.follow(follower["id"])["status"] == "completed"
    assert greeting.service.call("GET", greeting.path).status_code == 404
    with redis.Redis.from_url(greeting.service.redis_url) as client:
        assert not client.exists(f"example:job:{greeting.id}")
    assert not [path for path in greeting.service.list_files() if greeting.id in str(path)]


def test_a_job_cancelled_while_it_waits_is_never_started(greeting: Greeting) -> None:
    greeting.wait_for_start()
    script = greeting.service.artifacts_dir.parent / "never-read"
    waiting = greeting.service.submit(json={"name": "you", "script": str(script)})
    assert greeting.service.call("DELETE", f"/jobs/{waiting['id']}").json()["progress"] == 0
    greeting.write_script("done")
    follower = greeting.service.submit(json={"name": "next"})
    greeting.service.follow(follower["id"])
    # Reading the script, which does not exist, would have made it fail.
    assert greeting.service.get(waiting["id"])["status"] == "cancelled"


def test_a_full_queue_answers_429_and_creates_no_job(greeting: Greeting) -> None:
    greeting.wait_for_start()
    service = greeting.service
    waiting = [service.submit(json={"name": str(n)}) for n in range(EXAMPLE_MAX_QUEUE)]
    before = as_object(service.call("GET", "/jobs"))["total"]
    refused = service.call("POST", "/jobs", json={"name": "one too many"})
    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) > 0
    assert (refused.json()["code"], refused.json()["retryable"]) == ("queue_full", True)
    assert as_object(service.call("GET", "/jobs"))["total"] == before
    greeting.write_script("done")
    assert [service.follow(job["id"])["status"] for job in waiting] == ["completed"] * 5


def test_a_known_submission_is_found_although_the_queue_is_full(greeting: Greeting) -> None:
    greeting.wait_for_start()
    service, headers = greeting.service, {"Idempotency-Key": "known"}
    known = service.submit(json={"name": "known"}, headers=headers)
    for n in range(EXAMPLE_MAX_QUEUE - 1):
        service.submit(json={"name": str(n)})
    assert service.submit(json={"name": "known"}, headers=headers)["id"] == known["id"]


def test_a_deep_cleanup_removes_jobs_files_and_messages(greeting: Greeting) -> None:
    greeting.wait_for_start()
    service = greeting.service
    greeting.write_script("done")
    service.follow(greeting.id)
    greeting.write_script("0")
    running = service.submit(json={"name": "r", "script": str(greeting.script)})
    service.wait_for_status(running["id"], "greeting")
    waiting = service.submit(json={"name": "w"})
    body = {"deep": True, "purge_celery_queue": True}
    cleaned = as_object(service.call("POST", "/admin/cleanup", json=body))
    assert cleaned["tasks_purged"] == 1
    assert cleaned["files_removed"] >= 2
    for job_id in (greeting.id, running["id"], waiting["id"]):
        assert service.call("GET", f"/jobs/{job_id}").status_code == 404
    wait_until(lambda: not service.list_files(), timeout_s=5, what="all files to be gone")
    assert as_object(service.call("GET", "/admin/stats"))["jobs"]["total"] == 0


def test_a_plain_cleanup_keeps_what_has_not_expired(greeting: Greeting) -> None:
    greeting.write_script("done")
    greeting.service.follow(greeting.id)
    cleaned = as_object(greeting.service.call("POST", "/admin/cleanup", json={}))
    assert (cleaned["files_removed"], cleaned["tasks_purged"]) == (0, 0)
    assert greeting.service.call("GET", f"{greeting.path}/download").text == "Hello, you!"


def test_further_answers_of_a_job_and_of_the_service_are_served(greeting: Greeting) -> None:
    greeting.write_script("done")
    greeting.service.follow(greeting.id)
    answer = greeting.service.call("GET", f"{greeting.path}/greeting")
    assert answer.json() == {"text": "Hello, you!"}
    assert greeting.service.call("GET", "/languages").json() == {"languages": ["en"]}


def test_a_document_of_a_running_job_is_served_as_partial(greeting: Greeting) -> None:
    def shows(word: str) -> bool:
        answer = greeting.service.call("GET", f"{greeting.path}/greeting")
        return bool(answer.json() == {"text": word, "partial": True})

    greeting.wait_for_start()
    for word in ("4", "42"):
        greeting.write_script(word)
        wait_until(partial(shows, word), timeout_s=5, what=f"{word} to be published")


def test_before_anything_is_published_there_is_nothing_to_fetch(greeting: Greeting) -> None:
    waiting = greeting.service.submit(json={"name": "you"})
    answer = greeting.service.call("GET", f"/jobs/{waiting['id']}/greeting")
    assert (answer.status_code, answer.json()["code"]) == (409, "not_completed")
    assert answer.json()["retryable"]


def test_what_a_failed_job_published_is_not_served(greeting: Greeting) -> None:
    greeting.wait_for_start()
    greeting.write_script("fail")
    greeting.service.follow(greeting.id)
    answer = greeting.service.call("GET", f"{greeting.path}/greeting")
    assert (answer.status_code, answer.json()["retryable"]) == (409, False)
