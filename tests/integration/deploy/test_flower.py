"""Flower with the real broker: authentication and the task list."""

import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.support.orchestrator import Orchestrator, OwnProcess
from tests.support.redis_server import RedisServer
from tools.ports import LOOPBACK, free_port
from tools.waiting import wait_until

_PROJECT = Path(__file__).parents[3]
_COMMAND = ["celery", "-A", "tasks.app", "flower"]
USER = ("ann", "secret")
_EVENT_DELAY_S = 1.0  # workers send task events in batches


@pytest.fixture(scope="module")
def orchestrator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Orchestrator]:
    """An orchestrator whose workers send task events."""
    with (
        RedisServer() as server,
        Orchestrator(
            tmp_path_factory.mktemp("flower"),
            server,
            services={"stage_s": 0.1},
            TASK_EVENTS="true",
            FLOWER_PORT=free_port(),
            FLOWER_BASIC_AUTH=":".join(USER),
        ) as orchestrator,
    ):
        yield orchestrator


@pytest.fixture(scope="module")
def flower(orchestrator: Orchestrator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a running Flower."""
    environment = orchestrator.environment
    address = f"http://{LOOPBACK}:{environment['FLOWER_PORT']}"
    log = tmp_path_factory.mktemp("flower-log") / "flower.log"
    process = OwnProcess(_COMMAND, environment, log)

    def is_up() -> bool:
        assert process.is_running, process.log_text()
        try:
            return requests.get(f"{address}/healthcheck", timeout=2).ok
        except requests.ConnectionError:
            return False

    try:
        wait_until(is_up, timeout_s=60, what="Flower")
        yield address
    finally:
        process.stop()


def read_tasks(address: str) -> Mapping[str, Mapping[str, Any]]:
    """Return Flower's tasks by id."""
    found: Mapping[str, Mapping[str, Any]] = requests.get(
        f"{address}/api/tasks", auth=USER, timeout=10
    ).json()
    return found


def test_flower_requires_its_password(flower: str) -> None:
    assert requests.get(flower, timeout=10).status_code == 401
    assert requests.get(flower, auth=("ann", "guess"), timeout=10).status_code == 401
    assert requests.get(f"{flower}/api/tasks", timeout=10).status_code == 401
    assert requests.get(flower, auth=USER, timeout=10).status_code == 200


def test_flower_shows_a_job_s_tasks_by_name_and_the_job_s_id(
    orchestrator: Orchestrator, flower: str
) -> None:
    job_ids: list[str] = []

    def names() -> set[str]:
        found = read_tasks(flower).values()
        return {task["name"] for task in found if any(j in (task["args"] or "") for j in job_ids)}

    def are_shown() -> bool:  # Flower misses events from before its start
        job_ids.append(orchestrator.submit(f"shown-{len(job_ids)}"))
        orchestrator.await_status(job_ids[-1], "completed")
        return names() >= {"download", "normalize", "transcribe"}

    wait_until(are_shown, timeout_s=60, what="the three tasks of a job")


def test_flower_cannot_control_the_workers(flower: str) -> None:
    worker = next(iter(requests.get(f"{flower}/api/workers", auth=USER, timeout=10).json()), "any")
    answer = requests.post(f"{flower}/api/worker/shutdown/{worker}", auth=USER, timeout=10)
    assert answer.status_code in {401, 403}


@pytest.mark.parametrize("value", ["", "no-password", "ann:"])
def test_without_a_user_and_a_password_flower_does_not_start(
    orchestrator: Orchestrator, value: str
) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", *_COMMAND],
        env={**orchestrator.environment, "FLOWER_BASIC_AUTH": value},
        cwd=_PROJECT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode != 0
    assert "FLOWER_BASIC_AUTH" in ended.stderr
    assert "user:password" in ended.stderr


def test_flower_shows_all_tasks_of_a_completed_job_as_done(
    orchestrator: Orchestrator, flower: str
) -> None:
    def end_states() -> set[tuple[str, str]]:
        job_id = orchestrator.submit(f"done-{time.monotonic()}")
        orchestrator.await_status(job_id, "completed")
        time.sleep(_EVENT_DELAY_S)
        found = [one for one in read_tasks(flower).values() if job_id in (one["args"] or "")]
        return {(task["name"], task["state"]) for task in found}

    done = {(name, "SUCCESS") for name in ("download", "normalize", "transcribe")}
    wait_until(lambda: end_states() == done, timeout_s=60, what="three successful tasks")
