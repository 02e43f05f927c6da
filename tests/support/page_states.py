"""Every state of every page, for tests that look at them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from playwright.sync_api import Page, expect

from tests.support.pages import forbid_streams

__all__ = ["STATES", "Jobs", "State", "job_list", "job_list_without_server", "operator"]


@dataclass(frozen=True)
class Jobs:
    """One job of each kind."""

    done: str
    failed: str
    running: str


def form(page: Page, _jobs: Jobs) -> None:
    """Open the form."""
    page.goto("/")
    expect(page.locator(".rows")).to_be_visible()


def form_in_full(page: Page, jobs: Jobs) -> None:
    """Show all options, and what is wrong with an empty form."""
    form(page, jobs)
    page.get_by_text("Mais opções").click()
    page.get_by_role("button", name="Transcrever").click()
    expect(page.locator("#fault-source")).not_to_be_empty()


def form_in_english(page: Page, jobs: Jobs) -> None:
    """Show the form in English."""
    form(page, jobs)
    page.get_by_role("button", name="Switch to English").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("From video to text")


def key_dialog(page: Page, jobs: Jobs) -> None:
    """Ask for the API key."""
    form(page, jobs)
    page.get_by_role("button", name="Informar a chave de API").click()


def job_running(page: Page, jobs: Jobs) -> None:
    """Show a job that is transcribed."""
    page.goto(f"/ui/jobs/{jobs.running}")
    expect(page.locator(".line").first).to_be_visible()


def job_cut_off(page: Page, jobs: Jobs) -> None:
    """Show it where no stream gets through."""
    forbid_streams(page)
    job_running(page, jobs)
    expect(page.get_by_text("Sem transmissão ao vivo")).to_be_visible()


def job_failed(page: Page, jobs: Jobs) -> None:
    """Show a job that failed."""
    page.goto(f"/ui/jobs/{jobs.failed}")
    expect(page.get_by_role("alert")).to_be_visible()


def job_done(page: Page, jobs: Jobs) -> None:
    """Show a completed job, and search its transcript."""
    page.goto(f"/ui/jobs/{jobs.done}")
    word = page.locator(".line span").first.inner_text().split()[1]
    page.get_by_label("Buscar na transcrição").fill(word)
    expect(page.locator("mark.here")).to_be_visible()


def job_missing(page: Page, _jobs: Jobs) -> None:
    """Show a job that does not exist."""
    page.goto("/ui/jobs/0000000000000000")
    expect(page.get_by_role("link", name="Ver todos os trabalhos")).to_be_visible()


def job_deletion(page: Page, jobs: Jobs) -> None:
    """Ask whether a job is to be deleted."""
    page.goto(f"/ui/jobs/{jobs.done}")
    page.get_by_role("button", name="Excluir").click()


def job_list(page: Page, _jobs: Jobs) -> None:
    """Show all jobs."""
    page.goto("/ui/jobs")
    expect(page.locator(".rows")).to_be_visible()


def job_list_empty(page: Page, _jobs: Jobs) -> None:
    """Show a list without jobs."""
    page.goto("/ui/jobs?status=normalizing")
    expect(page.get_by_role("heading", name="Nenhum trabalho")).to_be_visible()


def job_list_without_server(page: Page, _jobs: Jobs) -> None:
    """Show the list while the API does not answer."""
    page.route("**/jobs?*", lambda route: route.abort())
    page.goto("/ui/jobs")
    expect(page.get_by_role("alert")).to_contain_text("O servidor não responde")


def operator(page: Page, _jobs: Jobs) -> None:
    """Show the operator's page."""
    page.route("**/admin/workers", lambda route: route.fulfill(json=_WORK))
    page.goto("/ui/operator")
    expect(page.get_by_role("heading", name="Falhas por código")).to_be_visible()


_WORK: Final = {
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
State = Callable[[Page, Jobs], None]
STATES: Final[list[State]] = [
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
