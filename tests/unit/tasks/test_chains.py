"""What is put on the broker for a wake-up call: the stage, and the stages after it."""

from collections.abc import Iterator
from typing import Any

import pytest
from celery import Celery, Task, chain, signature

from orchestrator.job import WakeUp
from orchestrator.pipeline import STAGES
from tasks.app import app as orchestrator_app
from tasks.broker import enqueue, oldest_number
from tasks.chains import StageTask, send_chain
from tools.ports import LOOPBACK, free_port


@pytest.fixture
def app() -> Iterator[Celery]:
    """An app of its own, over a broker that lives in this process."""
    app = Celery("test", broker="memory://")
    app.conf.update(task_default_queue="stages", broker_transport_options={"polling_interval": 0})
    app.set_current()
    yield app
    orchestrator_app.set_current()


def work(_: Any) -> None:
    """Do nothing: a task needs a function."""


def receive(app: Celery) -> Any:
    """Take the only message."""
    with app.connection_for_read() as connection, connection.SimpleQueue("stages") as queue:
        message = queue.get(block=False)
        message.ack()
        with pytest.raises(queue.Empty):
            queue.get(block=False)
    return message


def test_a_chain_from_an_unknown_stage_is_refused() -> None:
    with pytest.raises(KeyError):
        send_chain("captions", ["a1b2c3d4e5f60718", 7])


@pytest.mark.parametrize("position", range(len(STAGES)))
def test_what_is_sent_is_what_a_chain_sends(app: Celery, position: int) -> None:
    call = ["a1b2c3d4e5f60718", "7"]
    send_chain(STAGES[position].name, call)
    own = receive(app)
    chain(*(signature(one.task, app=app) for one in STAGES[position:])).apply_async((call,))
    made = receive(app)
    for header in ("task", "argsrepr", "kwargsrepr"):
        assert own.headers[header] == made.headers[header]
    args, kwargs, embedded = own.payload
    assert [args, kwargs] == made.payload[:2]
    # But for the ids of tasks, which whoever sends one makes.
    later = [one | {"options": {}} for one in made.payload[2]["chain"] or []]
    assert embedded["chain"] == later
    assert [one["task"] for one in later] == [one.task for one in reversed(STAGES[position + 1 :])]


def test_a_call_is_one_message_with_job_number_and_the_rest_of_the_chain(app: Celery) -> None:
    enqueue(WakeUp("a1b2c3d4e5f60718", "normalization", 7))
    message = receive(app)
    (call,), _, embedded = message.payload
    assert message.headers["task"] == "normalize"
    assert call == ["a1b2c3d4e5f60718", 7]
    assert [one["task"] for one in embedded["chain"]] == ["transcribe"]


def test_what_continues_a_chain_is_what_celery_would_send(app: Celery) -> None:
    sent = []
    for base in (Task, StageTask):
        task: Any = app.task(name=f"by-{base.__name__}", base=base, shared=False)(work)
        rest = [signature("transcribe", app=app)]
        task.apply_async((["a1b2c3d4e5f60718", 8],), chain=rest, root_id="r", parent_id="p")
        sent.append(receive(app))
    celerys, own = sent
    assert own.payload == celerys.payload
    assert own.headers["id"] != celerys.headers["id"]
    same = own.headers.keys() - {"id", "task", "ignore_result"}
    assert {name: own.headers[name] for name in same} == {
        name: celerys.headers[name] for name in same
    }
    assert own.headers["ignore_result"], "it is Celery's setting in the worker"
    assert own.properties.keys() == celerys.properties.keys()
    assert own.properties["correlation_id"] == own.headers["id"]
    assert own.delivery_info == celerys.delivery_info


def test_what_is_more_than_a_chain_is_sent_by_celery(app: Celery) -> None:
    task: Any = app.task(name="later", base=StageTask, shared=False)(work)
    task.apply_async((["a1b2c3d4e5f60718", 8],), countdown=60)
    assert receive(app).headers["eta"]


def test_a_broker_that_is_away_is_only_logged(
    app: Celery, caplog: pytest.LogCaptureFixture
) -> None:
    app.conf.update(
        broker_url=f"redis://{LOOPBACK}:{free_port()}",
        broker_transport_options={"max_retries": 1, "interval_max": 0.1},
    )
    enqueue(WakeUp("a1b2c3d4e5f60718", "download", 1))
    assert "Job a1b2c3d4e5f60718 is not enqueued yet" in caplog.text


def test_a_broker_that_cannot_be_looked_into_tells_no_number(app: Celery) -> None:
    assert oldest_number(app) is None
