"""RabbitMQ as the broker during a chaos run."""

import logging
from pathlib import Path

from tests.support.chaos import run_chaos
from tests.support.rabbitmq import RabbitServer

LOGGER = logging.getLogger("system")


def test_the_short_chaos_run_passes_with_rabbitmq_as_the_broker(tmp_path: Path) -> None:
    (tmp_path / "rabbitmq").mkdir()
    with RabbitServer(tmp_path / "rabbitmq") as broker:
        report = run_chaos(7, rounds=1, directory=tmp_path, broker_url=broker.url)
    LOGGER.info("%s", report.recovery)
    assert not report.problems, "\n".join(report.problems)
