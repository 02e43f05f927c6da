"""After a turn Celery starts the next stage's task, or nothing."""

from collections.abc import Iterator
from typing import Any

import pytest
from celery import Celery, signature
from celery.app.trace import build_tracer

from orchestrator.engine.turn import Next, Outcome
from tasks import stages
from tasks.app import app as orchestrator_app

CALL = ["a1b2c3d4e5f60718", 7]


@pytest.fixture
def app() -> Iterator[Celery]:
    """An app of its own, over a broker that lives in this process."""
    app = Celery("test", broker="memory://")
    app.conf.update(task_default_queue="turns", task_ignore_result=True)
    app.set_current()
    yield app
    orchestrator_app.set_current()


def take_turn(app: Celery, outcome: Outcome) -> list[Any]:
    """Have Celery run a task whose turn has this outcome; return the messages that follow."""

    @app.task(bind=True, name="one-turn", shared=False)
    def one_turn(self: Any, call: stages.Call) -> stages.Call:
        return stages.enqueue_next(self, call, outcome)

    trace = build_tracer(one_turn.name, one_turn, app=app)
    trace("task-1", [CALL], {}, {"id": "task-1", "chain": [signature("normalize", app=app)]})
    with app.connection_for_read() as connection, connection.SimpleQueue("turns") as queue:
        sent = []
        while queue.qsize():
            message = queue.get(block=False)
            message.ack()
            sent.append((message.headers["task"], message.payload[0]))
    return sent


def test_the_next_stage_follows_one_that_is_done(app: Celery) -> None:
    sent = take_turn(app, Outcome(Next.FOLLOWING_STAGE, number=8))
    assert sent == [("normalize", [[CALL[0], 8]])]


def test_nothing_follows_a_turn_that_found_nothing_to_do(app: Celery) -> None:
    assert take_turn(app, Outcome(Next.NOTHING)) == []
