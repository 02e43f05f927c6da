"""A job is one Celery chain: the messages that the API and the worker send."""

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from redis.client import Monitor

from tests.support.orchestrator import Orchestrator
from tools.waiting import wait_until

_QUEUE = "orchestrator:broker:stages"
_PUSH = f"LPUSH {_QUEUE} "


@dataclass(frozen=True)
class Sent:
    """One message of a stage's task."""

    headers: dict[str, Any]
    args: list[Any]
    following: list[str]
    """The remaining tasks of its chain, in order."""


@contextmanager
def watch(orchestrator: Orchestrator) -> Iterator[list[Sent]]:
    """Collect the messages that are sent to the queue of the stages."""
    found: list[Sent] = []

    def collect(monitor: Monitor) -> None:
        while True:
            one = monitor.next_command()  # type: ignore[no-untyped-call]  # redis-py types no monitor
            if one["command"].startswith("ECHO end"):
                return
            if one["command"].startswith(_PUSH):
                found.append(_parse(one["command"].removeprefix(_PUSH)))

    with orchestrator.redis() as client, client.monitor() as monitor:
        thread = threading.Thread(target=collect, args=(monitor,))
        thread.start()
        try:
            yield found
        finally:
            client.echo("end")
            thread.join(10)


def _parse(message: str) -> Sent:
    raw = json.loads(message)
    args, _, embedded = json.loads(base64.b64decode(raw["body"]))
    following = [one["task"] for one in reversed(embedded["chain"] or [])]
    return Sent(raw["headers"], args, following)


def of_job(sent: list[Sent], job_id: str) -> list[Sent]:
    return [one for one in sent if one.args[0][0] == job_id]


def test_the_three_tasks_of_a_job_are_one_chain(orchestrator: Orchestrator) -> None:
    with watch(orchestrator) as sent:
        job_id = orchestrator.submit("chained")
        orchestrator.await_status(job_id, "completed")
    first, second, third = of_job(sent, job_id)
    assert [(one.headers["task"], one.following) for one in (first, second, third)] == [
        ("download", ["normalize", "transcribe"]),
        ("normalize", ["transcribe"]),
        ("transcribe", []),
    ]
    ids = [one.headers["id"] for one in (first, second, third)]
    assert {one.headers["root_id"] for one in (first, second, third)} == {ids[0]}
    assert [one.headers["parent_id"] for one in (second, third)] == ids[:2]


def test_a_stage_that_continues_in_another_turn_keeps_the_rest_of_its_chain(
    orchestrator: Orchestrator,
) -> None:
    downloader = next(iter(orchestrator.services.values()))
    downloader.control(stage_s=5)
    with watch(orchestrator) as sent:
        job_id = orchestrator.submit("long-chained")
        orchestrator.await_status(job_id, "completed")
    tasks = [(one.headers["task"], len(one.following)) for one in of_job(sent, job_id)]
    assert tasks == [("download", 2), ("download", 2), ("normalize", 1), ("transcribe", 0)]


def test_a_job_resumes_with_the_chain_of_the_remaining_stages(
    orchestrator: Orchestrator,
) -> None:
    job_id = orchestrator.submit("resumed")
    roles = list(orchestrator.services)
    orchestrator.services[roles[1]].control(hold=True)
    orchestrator.await_status(job_id, "normalizing")
    orchestrator.post(f"/jobs/{job_id}/cancel")
    orchestrator.await_status(job_id, "cancelled")
    orchestrator.services[roles[1]].control(hold=False)
    with watch(orchestrator) as sent:
        assert orchestrator.post(f"/jobs/{job_id}/retry").status_code == 202
        orchestrator.await_status(job_id, "completed")

        def tasks() -> list[tuple[str, list[str]]]:
            return [(one.headers["task"], one.following) for one in of_job(sent, job_id)]

        expected = [("normalize", ["transcribe"]), ("transcribe", [])]
        wait_until(lambda: tasks() == expected, timeout_s=5, what=f"two tasks, not {tasks()}")
