"""Fixtures that tests of every kind share."""

import signal
from collections.abc import Iterator
from typing import Any

import hypothesis
import pytest
import redis
from xdist.scheduler import LoadFileScheduling

from tests.support.redis_server import RedisServer
from tools.vendor_chromium import VARIABLE, choose_chromium
from tools.vendor_npm import UnavailableError

# Starting every process takes longer than these tests themselves.
_SHARING_ALL = {
    f"tests/e2e/test_{name}.py"
    for name in ("failures", "results", "seed_script", "sources", "speech")
}

# A busy machine is no fault of an example: what takes how long is measured elsewhere.
hypothesis.settings.register_profile(
    "shared machine", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("shared machine")

# A shell's background jobs ignore Ctrl-C, and so would every process that is started here.
signal.signal(signal.SIGINT, signal.default_int_handler)


class OneWholeSystem(LoadFileScheduling):
    """Sends file by file to the test processes, but those that share every process together."""

    def _split_scope(self, nodeid: str) -> str:
        file: str = super()._split_scope(nodeid)
        return "tests/e2e/" if file in _SHARING_ALL else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> OneWholeSystem:
    """Have ``-n`` take the schedule of ours."""
    return OneWholeSystem(config, log)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Write which browser the tests of the pages had."""
    reports = (report for reports in terminalreporter.stats.values() for report in reports)
    if not any("e2e/browser" in getattr(report, "nodeid", "") for report in reports):
        return
    try:
        browser = choose_chromium().description
    except UnavailableError as error:
        browser = str(error)
    terminalreporter.write_line(f"Browser ({VARIABLE}): {browser}")


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    """One server for all tests that neither stop it nor need it to themselves."""
    with RedisServer() as server:
        yield server


@pytest.fixture
def redis_url(redis_server: RedisServer) -> str:
    """The address of a Redis server that is empty."""
    with redis.Redis.from_url(redis_server.url) as client:
        client.flushall()
    return redis_server.url
