"""What is put on the broker for a wake-up call: the stage, and the stages after it."""

from collections.abc import Iterator
from typing import Any

import pytest
from celery import Celery
from celery.canvas import Signature

from orchestrator.job import WakeUp
from orchestrator.pipeline import STAGES
from tasks.app import app as orchestrator_app
from tasks.broker import enqueue, oldest_number
from tasks.chains import chain_from


@pytest.fixture
def app() -> Iterator[Celery]:
    """An app of its own, over a broker that lives in this process."""
    app = Celery("test", broker="memory://")
    app.conf.update(task_default_queue="stages", broker_transport_options={"polling_interval": 0})
    app.set_current()
    yield app
    orchestrator_app.set_current()


def names(signature: Signature[Any]) -> list[str]:
    return [one.task for one in getattr(signature, "tasks", [signature])]


@pytest.mark.parametrize("position", range(len(STAGES)))
def test_a_chain_leads_from_its_stage_to_the_last(app: Celery, position: int) -> None:
    assert app is not None
    chain = chain_from(STAGES[position].name)
    assert names(chain) == [stage.task for stage in STAGES[position:]]


def test_a_chain_from_an_unknown_stage_is_refused() -> None:
    with pytest.raises(KeyError):
        chain_from("captions")


def test_a_call_is_one_message_with_job_number_and_the_rest_of_the_chain(app: Celery) -> None:
    enqueue(WakeUp("a1b2c3d4e5f60718", "normalization", 7))
    with app.connection_for_read() as connection, connection.SimpleQueue("stages") as queue:
        message = queue.get(block=False)
        message.ack()
        (call,), _, embedded = message.payload
        assert message.headers["task"] == "normalize"
        assert call == ["a1b2c3d4e5f60718", 7]
        assert [one["task"] for one in embedded["chain"]] == ["transcribe"]
        with pytest.raises(queue.Empty):
            queue.get(block=False)


def test_a_broker_that_cannot_be_looked_into_tells_no_number(app: Celery) -> None:
    assert oldest_number(app) is None
