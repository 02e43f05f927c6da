"""Every state of every page, in both themes: axe-core finds nothing, and it fits a phone.

The pictures go to ``build/screenshots/``.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.browser import PHONE, Theme, faults_of, new_page, shoot
from tests.support.fake_service import Role
from tests.support.orchestrator import Orchestrator
from tests.support.pages import forbid_streams


@dataclass(frozen=True)
class Jobs:
    """One job of each kind."""

    done: str
    failed: str
    running: str


@pytest.fixture(scope="module")
def jobs(shared_site: Orchestrator) -> Jobs:
    """Jobs that stay as they are: the running one's transcriber never ends."""
    site = shared_site
    for service in site.services.values():
        service.reset()
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
def page(browser: Browser, shared_site: Orchestrator, theme: Theme) -> Iterator[Page]:
    """A page of somebody with a theme."""
    with new_page(browser, shared_site.address) as opened:
        opened.emulate_media(color_scheme=theme, reduced_motion="reduce")
        yield opened


def form(page: Page, _jobs: Jobs) -> None:
    page.goto("/")
    expect(page.locator(".rows")).to_be_visible()


def form_in_full(page: Page, jobs: Jobs) -> None:
    form(page, jobs)
    page.get_by_text("Mais opções").click()
    page.get_by_role("button", name="Transcrever").click()
    expect(page.locator("#fault-source")).not_to_be_empty()


def form_in_english(page: Page, jobs: Jobs) -> None:
    form(page, jobs)
    page.get_by_role("button", name="Switch to English").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("From video to text")


def key_dialog(page: Page, jobs: Jobs) -> None:
    form(page, jobs)
    page.get_by_role("button", name="Informar a chave de API").click()


def job_running(page: Page, jobs: Jobs) -> None:
    page.goto(f"/ui/jobs/{jobs.running}")
    expect(page.locator(".line").first).to_be_visible()


def job_cut_off(page: Page, jobs: Jobs) -> None:
    forbid_streams(page)
    job_running(page, jobs)
    expect(page.get_by_text("Sem transmissão ao vivo")).to_be_visible()


def job_failed(page: Page, jobs: Jobs) -> None:
    page.goto(f"/ui/jobs/{jobs.failed}")
    expect(page.get_by_role("alert")).to_be_visible()


def job_done(page: Page, jobs: Jobs) -> None:
    page.goto(f"/ui/jobs/{jobs.done}")
    word = page.locator(".line span").first.inner_text().split()[1]
    page.get_by_label("Buscar na transcrição").fill(word)
    expect(page.locator("mark.here")).to_be_visible()


def job_missing(page: Page, _jobs: Jobs) -> None:
    page.goto("/ui/jobs/0000000000000000")
    expect(page.get_by_role("link", name="Ver todos os trabalhos")).to_be_visible()


def job_deletion(page: Page, jobs: Jobs) -> None:
    page.goto(f"/ui/jobs/{jobs.done}")
    page.get_by_role("button", name="Excluir").click()


def job_list(page: Page, _jobs: Jobs) -> None:
    page.goto("/ui/jobs")
    expect(page.locator(".rows")).to_be_visible()


def job_list_empty(page: Page, _jobs: Jobs) -> None:
    page.goto("/ui/jobs?status=normalizing")
    expect(page.get_by_role("heading", name="Nenhum trabalho")).to_be_visible()


def job_list_without_server(page: Page, _jobs: Jobs) -> None:
    page.route("**/jobs?*", lambda route: route.abort())
    page.goto("/ui/jobs")
    expect(page.get_by_role("alert")).to_contain_text("O servidor não responde")


def operator(page: Page, _jobs: Jobs) -> None:
    page.route("**/admin/workers", lambda route: route.fulfill(json=_WORK))
    page.goto("/ui/operator")
    expect(page.get_by_role("heading", name="Falhas por código")).to_be_visible()


_WORK = {
    "workers": [
        {
            "worker": "worker-1@host",
            "concurrency": 32,
            "active_turns": 12,
            "turns_processed": 4821,
            "heartbeat_age_s": 0.7,
            "started_at": "2025-10-29T10:00:00.000Z",
        },
        {
            "worker": "worker-2@host",
            "concurrency": 32,
            "active_turns": 0,
            "turns_processed": 12,
            "heartbeat_age_s": 11.2,
            "started_at": "2025-10-29T10:00:00.000Z",
        },
    ],
    "queues": [
        {"stage": "download", "waiting": 3, "oldest_wait_s": 4.2},
        {"stage": "normalization", "waiting": 0, "oldest_wait_s": None},
        {"stage": "transcription", "waiting": 18, "oldest_wait_s": 341.0},
    ],
    "broker_messages": {"stages": 21, "upkeep": 1},
    "throughput": {"completed_last_hour": 132, "failed_last_hour": 4},
    "failures_by_code": {"video_unavailable": 3, "timeout": 1},
    "breakers": {
        "video-downloader": "closed",
        "audio-normalization": "half-open",
        "audio-transcriber": "open",
    },
}
STATES: list[Callable[[Page, Jobs], None]] = [
    form,
    form_in_full,
    form_in_english,
    key_dialog,
    job_running,
    job_cut_off,
    job_failed,
    job_done,
    job_missing,
    job_deletion,
    job_list,
    job_list_empty,
    job_list_without_server,
    operator,
]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__)
def test_a_page_is_accessible_and_fits_a_phone(
    page: Page, jobs: Jobs, state: Callable[[Page, Jobs], None], theme: Theme
) -> None:
    state(page, jobs)
    shoot(page, state.__name__.replace("_", "-"), theme)
    assert faults_of(page) == []


@pytest.mark.parametrize("theme", ["light"])
def test_on_a_phone_the_operator_need_not_scroll_tables_sideways(page: Page, jobs: Jobs) -> None:
    width, height = PHONE
    page.set_viewport_size({"width": width, "height": height})
    operator(page, jobs)
    hidden = [
        table.evaluate("table => table.scrollWidth - table.clientWidth")
        for table in page.locator(".wide-table").all()
    ]
    assert hidden == [0, 0, 0, 0]


@pytest.mark.parametrize("theme", ["light"])
def test_on_a_phone_words_have_more_room_than_the_buttons_beside_them(
    page: Page, jobs: Jobs
) -> None:
    width, height = PHONE
    page.set_viewport_size({"width": width, "height": height})
    job_list_without_server(page, jobs)
    words = page.locator(".notice p").bounding_box()
    assert words
    assert words["width"] > width / 2

    page.unroute("**/jobs?*")
    job_list(page, jobs)
    newer, older = page.locator(".pages button").all()
    tops = [box["y"] for button in (newer, older) if (box := button.bounding_box())]
    assert tops[0] == tops[1]
