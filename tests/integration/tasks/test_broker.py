"""An unavailable broker raises the error of an unavailable store."""

import pytest
from celery import Celery

from orchestrator.errors import StoreUnavailableError
from tasks.broker import queue_length
from tools.ports import LOOPBACK, free_port


@pytest.mark.parametrize("scheme", ["redis", "amqp"])
def test_a_broker_that_refuses_connections_is_unavailable(scheme: str) -> None:
    app = Celery("nobody", broker=f"{scheme}://{LOOPBACK}:{free_port()}")
    app.conf.broker_transport_options = {"max_retries": 1, "interval_max": 0.1}
    with pytest.raises(StoreUnavailableError, match="broker is unavailable"):
        queue_length(app)
