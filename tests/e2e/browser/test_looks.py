"""Accessibility (axe-core) and layout of every page state, in both themes and with any font.

Screenshots are written to ``build/screenshots/``.
"""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.support.browser import (
    DESKTOP,
    PHONE,
    SMALLEST,
    TABLET,
    Theme,
    faults_of,
    fonts_of,
    new_page,
    running_browser,
    shoot,
    spills_of,
)
from tests.support.fake_service import Role
from tests.support.fonts import Font
from tests.support.orchestrator import Orchestrator
from tests.support.page_states import (
    STATES,
    Jobs,
    State,
    job_list,
    job_list_without_server,
    operator,
)

# One browser at a time: pytest keeps the tests of one font together.
with_one_font = pytest.mark.parametrize("browser", [Font.DEJAVU], indirect=True, scope="module")
with_each_font = pytest.mark.parametrize("browser", list(Font), indirect=True, scope="module")


@pytest.fixture(scope="module")
def browser(request: pytest.FixtureRequest) -> Iterator[Browser]:
    """A browser with a single font family."""
    with running_browser(request.param) as running:
        yield running


@pytest.fixture(scope="module")
def jobs(shared_site: Orchestrator) -> Jobs:
    """Jobs that do not change: the transcriber holds the running one."""
    site = shared_site
    done = site.submit("done")
    site.await_status(done, "completed")
    site.services[Role.NORMALIZER].control(fail_next=1)
    failed = site.submit("failed")
    site.await_status(failed, "failed")
    site.services[Role.TRANSCRIBER].control(hold=True)
    running = site.submit("running")
    site.await_status(running, "transcribing")
    return Jobs(done, failed, running)


@pytest.fixture
def page(browser: Browser, shared_site: Orchestrator) -> Iterator[Page]:
    """A page with reduced motion."""
    with new_page(browser, shared_site.address) as opened:
        opened.emulate_media(color_scheme="light", reduced_motion="reduce")
        yield opened


@pytest.fixture
def phone(page: Page) -> Page:
    """The page on a phone."""
    width, height = PHONE
    page.set_viewport_size({"width": width, "height": height})
    return page


@with_one_font
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__)
def test_a_page_is_accessible_and_fits_a_phone(
    page: Page, jobs: Jobs, state: State, theme: Theme
) -> None:
    page.emulate_media(color_scheme=theme)
    state(page, jobs)
    shoot(page, state.__name__.replace("_", "-"), theme)
    assert faults_of(page) == []


@with_each_font
def test_a_page_uses_the_font_under_test(
    page: Page, jobs: Jobs, request: pytest.FixtureRequest
) -> None:
    operator(page, jobs)
    font = request.node.callspec.params["browser"]
    for text in ("h1", "thead th", ".badge", ".metrics dd"):
        assert fonts_of(page, text) == {font}, text
    assert fonts_of(page, "th code") == {"DejaVu Sans Mono"}


@with_each_font
@pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__)
def test_a_page_fits_with_any_font(page: Page, jobs: Jobs, state: State) -> None:
    state(page, jobs)
    for width, height in (DESKTOP, TABLET, PHONE, SMALLEST):
        page.set_viewport_size({"width": width, "height": height})
        assert spills_of(page) == [], f"at {width} px"


@with_each_font
def test_tables_do_not_scroll_sideways_on_a_phone(phone: Page, jobs: Jobs) -> None:
    operator(phone, jobs)
    hidden = [
        table.evaluate("table => table.scrollWidth - table.clientWidth")
        for table in phone.locator(".wide-table").all()
    ]
    assert hidden == [0, 0, 0, 0]


@with_each_font
def test_notices_are_wider_than_their_buttons_on_a_phone(phone: Page, jobs: Jobs) -> None:
    job_list_without_server(phone, jobs)
    words = phone.locator(".notice p").bounding_box()
    assert words
    assert words["width"] > PHONE[0] / 2

    phone.unroute("**/jobs?*")
    job_list(phone, jobs)
    newer, older = phone.locator(".pages button").all()
    tops = [box["y"] for button in (newer, older) if (box := button.bounding_box())]
    assert tops[0] == tops[1]
