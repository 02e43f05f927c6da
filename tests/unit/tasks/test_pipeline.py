"""A wake-up call on the broker: a Celery chain of its stage and the stages after it."""

from collections.abc import Iterator
from typing import Any

import pytest
from celery import Celery

from orchestrator.domain.job import WakeUp
from orchestrator.domain.pipeline import STAGES
from tasks.app import app as orchestrator_app
from tasks.stages import enqueue, pipeline_from
from tools.ports import LOOPBACK, free_port


@pytest.fixture
def app() -> Iterator[Celery]:
    """An app of its own with the same tasks, over a broker that lives in this process."""
    app = Celery("test", broker="memory://")
    app.conf.update(task_default_queue="stages", broker_transport_options={"polling_interval": 0})
    app.set_current()
    yield app
    orchestrator_app.set_current()


def receive(app: Celery) -> Any:
    """Take the only message."""
    with app.connection_for_read() as connection, connection.SimpleQueue("stages") as queue:
        message = queue.get(block=False)
        message.ack()
        with pytest.raises(queue.Empty):
            queue.get(block=False)
    return message


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize("position", range(len(STAGES)))
def test_a_pipeline_is_a_chain_of_the_stages_tasks_from_one_on(position: int) -> None:
    pipeline: Any = pipeline_from(STAGES[position].name)
    assert pipeline.task == "celery.chain"
    assert [task.task for task in pipeline.tasks] == [one.task for one in STAGES[position:]]


@pytest.mark.usefixtures("app")
def test_a_pipeline_from_an_unknown_stage_is_refused() -> None:
    with pytest.raises(KeyError):
        pipeline_from("captions")


@pytest.mark.parametrize("position", range(len(STAGES)))
def test_a_call_is_one_message_with_the_rest_of_the_chain(app: Celery, position: int) -> None:
    enqueue(WakeUp("a1b2c3d4e5f60718", STAGES[position].name, 7))
    message = receive(app)
    args, kwargs, embedded = message.payload
    assert message.headers["task"] == STAGES[position].task
    assert (args, kwargs) == ([["a1b2c3d4e5f60718", 7]], {})
    following = [one["task"] for one in embedded["chain"] or []]
    assert following == [one.task for one in reversed(STAGES[position + 1 :])]


def test_an_unavailable_broker_is_only_logged(
    app: Celery, caplog: pytest.LogCaptureFixture
) -> None:
    app.conf.update(
        broker_url=f"redis://{LOOPBACK}:{free_port()}",
        broker_transport_options={"max_retries": 1, "interval_max": 0.1},
    )
    enqueue(WakeUp("a1b2c3d4e5f60718", "download", 1))
    assert "Could not enqueue job a1b2c3d4e5f60718" in caplog.text
