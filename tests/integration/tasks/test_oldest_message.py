"""The oldest message of the stages' queue, on a real Redis: its number, or one warning."""

import base64
import json
import logging
import math
from collections.abc import Iterator
from typing import Any

import pytest
import redis
from celery import Celery

from orchestrator.domain.job import WakeUp
from tasks.app import app as orchestrator_app
from tasks.oldest_message import OldestMessage
from tasks.stages import enqueue

QUEUE = "test:stages"
JOB_ID = "a1b2c3d4e5f60718"


@pytest.fixture
def app(redis_url: str) -> Iterator[Celery]:
    """A separate Celery app with the same tasks on an empty Redis."""
    app = Celery("test", broker=redis_url)
    options = {"global_keyprefix": "test:", "ack_emulation": False}
    app.conf.update(task_default_queue="stages", broker_transport_options=options)
    app.set_current()
    yield app
    app.close()
    orchestrator_app.set_current()


@pytest.fixture
def client(redis_url: str) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(redis_url) as client:
        yield client


def with_body(**facts: Any) -> bytes:
    """Return a message as Celery writes it, with some fields changed."""
    body = base64.b64encode(json.dumps([[[JOB_ID, 7]], {}, {}]).encode()).decode()
    properties = {"delivery_tag": "1", "body_encoding": "base64", "delivery_info": {}}
    message = {
        "body": body,
        "content-type": "application/json",
        "content-encoding": "utf-8",
        "headers": {},
        "properties": properties,
    }
    return json.dumps({**message, **facts}).encode()


def base64_of(value: Any) -> str:
    return base64.b64encode(json.dumps(value).encode()).decode()


FOREIGN = {
    "no JSON": b"\x80\x04pickled",
    "no message": b"[]",
    "another task's": with_body(body=base64_of([[], {"job": 1}, {}])),
    "two arguments": with_body(body=base64_of([[[JOB_ID, 7], 8], {}, {}])),
    "a call without a number": with_body(body=base64_of([[[JOB_ID]], {}, {}])),
    "a number that is none": with_body(body=base64_of([[[JOB_ID, None]], {}, {}])),
    "another serializer": with_body(**{"content-type": "application/x-python-serialize"}),
    "no body": with_body(body=None),
    "a body that is no base64": with_body(body="!"),
}


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [one.getMessage() for one in caplog.records if one.levelno >= logging.WARNING]


def test_the_number_is_that_of_the_call_that_was_enqueued_first(app: Celery) -> None:
    oldest = OldestMessage(app)
    for number in (7, 8):
        enqueue(WakeUp(JOB_ID, "normalization", number))
    assert oldest.number() == 7


def test_an_empty_queue_has_no_message_older_than_any_number(app: Celery) -> None:
    assert OldestMessage(app).number() == math.inf


@pytest.mark.parametrize("message", FOREIGN.values(), ids=FOREIGN)
def test_a_message_that_cannot_be_read_is_logged_once_as_a_warning(
    app: Celery, client: redis.Redis, message: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    client.lpush(QUEUE, message)
    oldest = OldestMessage(app)
    assert [oldest.number() for _ in range(3)] == [None, None, None]
    (warning,) = warnings(caplog)
    assert "Could not read the oldest message of queue stages" in warning
    assert repr(message[:100])[2:-1] in warning


def test_the_next_unreadable_message_is_logged_again_after_one_that_can_be_read(
    app: Celery, client: redis.Redis, caplog: pytest.LogCaptureFixture
) -> None:
    oldest = OldestMessage(app)
    for message, expected in ((b"no", None), (with_body(), 7.0), (b"no", None)):
        client.delete(QUEUE)
        client.lpush(QUEUE, message)
        assert oldest.number() == expected
    assert len(warnings(caplog)) == 2


def test_a_broker_other_than_redis_cannot_be_inspected() -> None:
    assert OldestMessage(Celery("test", broker="memory://")).number() is None
