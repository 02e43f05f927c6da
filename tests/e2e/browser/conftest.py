"""Fixtures: a browser, and an orchestrator with fake services."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.support.browser import new_page, running_browser
from tests.support.orchestrator import Orchestrator
from tests.support.redis_server import RedisServer

_QUICK = {"stage_s": 0.2, "queued_s": 0.0, "honours_wait": True, "honours_idempotency": True}
_TITLE = "Entrevista com a autora"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser per test file; Playwright's event loop would disturb other tests."""
    with running_browser() as running:
        yield running


@pytest.fixture(scope="session")
def running_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Orchestrator]:
    """API, a worker and three fake services."""
    with (
        RedisServer(aof=True) as server,
        Orchestrator(
            tmp_path_factory.mktemp("site"),
            server,
            services={**_QUICK, "title": _TITLE},
            RETRY_BACKOFF_BASE_SECONDS=0.1,
            HTTP_MAX_RETRIES=1,
            FLOWER_URL="http://127.0.0.1:5555",
        ) as running,
    ):
        yield running


@pytest.fixture(scope="module")
def shared_site(running_site: Orchestrator) -> Orchestrator:
    """The site for a test file, with services reset."""
    _reset_services(running_site)
    return running_site


@pytest.fixture
def site(shared_site: Orchestrator) -> Orchestrator:
    """The site for one test, with services reset."""
    _reset_services(shared_site)
    return shared_site


@pytest.fixture
def page(browser: Browser, site: Orchestrator) -> Iterator[Page]:
    """A page in Portuguese."""
    with new_page(browser, site.address) as opened:
        yield opened


def _reset_services(site: Orchestrator) -> None:
    for service in site.services.values():
        service.reset()
