"""Every state of every page, for visual tests."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from playwright.sync_api import Page, Route, expect

from tests.support.pages import forbid_streams
from tests.support.project import ROOT

__all__ = [
    "FOUND",
    "STATES",
    "Jobs",
    "State",
    "job_list",
    "job_list_without_server",
    "operator",
    "show_job",
]


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
    """Show all options and the error of an empty form."""
    form(page, jobs)
    page.get_by_text("Mais opções").click()
    page.get_by_role("button", name="Transcrever").click()
    expect(page.locator("#fault-source")).not_to_be_empty()


def form_in_english(page: Page, jobs: Jobs) -> None:
    """Show the form in English."""
    form(page, jobs)
    page.get_by_role("button", name="Switch to English").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("New transcript")


def key_dialog(page: Page, jobs: Jobs) -> None:
    """Open the API key dialog."""
    form(page, jobs)
    page.get_by_role("button", name="Informar a chave de API").click()


def job_running(page: Page, jobs: Jobs) -> None:
    """Show a job during transcription."""
    page.goto(f"/ui/jobs/{jobs.running}")
    expect(page.locator(".line").first).to_be_visible()


def job_cut_off(page: Page, jobs: Jobs) -> None:
    """Show a running job with streams blocked."""
    forbid_streams(page)
    job_running(page, jobs)
    expect(page.get_by_text("Atualizações ao vivo indisponíveis")).to_be_visible()


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


_CLIP: Final = ROOT / "samples" / "jfk.wav"
FOUND: Final[dict[str, Any]] = {
    "warnings": [
        {"code": "truncated_source", "detail": "The file ends early.", "start": 61.0},
        {"code": "low_confidence", "detail": "Uncertain.", "start": 1.5, "end": 3.0},
        *(
            {"code": "low_confidence", "detail": "Uncertain.", "start": at, "end": at + 2.5}
            for at in range(3600, 3700, 10)
        ),
        {"code": "speech_without_text", "detail": "No words.", "start": 9.0, "end": 12.0},
        {"code": "several_tracks", "detail": "2 audio tracks."},
        {"code": "newer_than_this_page", "detail": "Something else; see http://ann:pw@v.test/a."},
    ],
    "quality": {"speech_s": 90.0, "transcribed_s": 81.0, "mean_confidence": 0.874},
    "languages": [{"code": "en", "seconds": 70.2}, {"code": "pt", "seconds": 11.0}],
    "audio_tracks": [
        {"number": 1, "language": "mul", "title": "Original_with_all_of_the_microphones_mixed"}
        | {"codec": "aac", "channels": 1, "default": True, "chosen": False},
        {"number": 2, "language": "por", "title": None, "codec": "aac", "channels": 6}
        | {"default": False, "chosen": True},
    ],
}
"""Findings of every kind."""


def job_with_warnings(page: Page, jobs: Jobs) -> None:
    """Show a completed job with doubtful segments, two speakers and two languages."""
    show_job(page, jobs.done, FOUND)
    expect(page.locator(".warnings li")).to_have_count(5)
    expect(page.locator(".warnings a").first).to_be_visible()
    page.locator(".warnings summary").click()


def job_without_words(page: Page, jobs: Jobs) -> None:
    """Show a completed job without speech."""
    warning = {"code": "no_speech", "detail": "Nobody speaks."}
    nothing = {"transcription_text": "", "transcription_segments": []}
    show_job(page, jobs.done, {**nothing, "warnings": [warning]})
    expect(page.get_by_role("heading", name="Nenhuma fala encontrada")).to_be_visible()


def show_job(page: Page, job_id: str, facts: Mapping[str, Any]) -> None:
    """Open a job's page with mocked facts and alternating speakers.

    The audio is replaced with a clip, because the fake services' audio cannot be played.
    """

    def answer(route: Route) -> None:
        job = route.fetch().json()
        for at, segment in enumerate(job["transcription_segments"] or ()):
            segment |= {"speaker": f"CHANNEL_0{at % 3 // 2}", "language": "en" if at < 3 else "pt"}
        route.fulfill(json={**job, **facts})

    page.route(re.compile(rf"//[^/]+/jobs/{job_id}$"), answer)
    page.route(re.compile(rf"/jobs/{job_id}/audio$"), lambda route: route.fulfill(path=_CLIP))
    page.goto(f"/ui/jobs/{job_id}")


def job_missing(page: Page, _jobs: Jobs) -> None:
    """Show a job that does not exist."""
    page.goto("/ui/jobs/0000000000000000")
    expect(page.get_by_role("link", name="Ver todas as transcrições")).to_be_visible()


def job_deletion(page: Page, jobs: Jobs) -> None:
    """Open the dialog that confirms a deletion."""
    page.goto(f"/ui/jobs/{jobs.done}")
    page.get_by_role("button", name="Excluir").click()


def job_list(page: Page, _jobs: Jobs) -> None:
    """Show all jobs."""
    page.goto("/ui/jobs")
    expect(page.locator(".rows")).to_be_visible()


def job_list_empty(page: Page, _jobs: Jobs) -> None:
    """Show a list without jobs."""
    page.goto("/ui/jobs?status=normalizing")
    expect(page.get_by_role("heading", name="Nenhuma transcrição")).to_be_visible()


def job_list_without_server(page: Page, _jobs: Jobs) -> None:
    """Show the list while the API does not answer."""
    page.route("**/jobs?*", lambda route: route.abort())
    page.goto("/ui/jobs")
    expect(page.get_by_role("alert")).to_contain_text("O servidor não está respondendo")


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
    job_with_warnings,
    job_without_words,
    job_missing,
    job_deletion,
    job_list,
    job_list_empty,
    job_list_without_server,
    operator,
]
