"""Warnings, quality, languages and tracks on a job's page."""

import re
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.browser import new_page
from tests.support.orchestrator import Orchestrator
from tests.support.page_states import FOUND, show_job
from tests.support.pages import expect_status

_SECRET_URL = "https://ann:s3cret@v.test/talk"  # as of an API that does not remove credentials
_SENTENCES = {
    "no_speech": "Nenhuma fala foi encontrada na gravação.",
    "truncated_source": "O arquivo está incompleto.",
    "speech_without_text": "Foi detectada fala aqui, mas nenhuma palavra foi reconhecida.",
    "low_confidence": "Estes trechos são incertos.",
    "language_changes": "O idioma falado muda durante a gravação.",
    "several_tracks": "O arquivo tem várias faixas de áudio.",
    "clipped": "O áudio está saturado",
    "damaged_packets": "Partes do áudio estão danificadas.",
}


@pytest.fixture(scope="module")
def done(shared_site: Orchestrator) -> str:
    """A completed job."""
    job_id = shared_site.submit("found")
    shared_site.await_status(job_id, "completed")
    return job_id


def show_list(page: Page, row: dict[str, Any]) -> None:
    """Open the list with a single job, mocked in the API's response."""
    job = {"progress": 100, "created_at": "2025-10-29T10:00:00.000Z", **row}
    listed = {"total": 1, "jobs": [job], "next_cursor": None}
    page.route(re.compile(r"/jobs\?"), lambda route: route.fulfill(json=listed))
    page.goto("/ui/jobs")


def warning(code: str, start: float | None = None, end: float | None = None) -> dict[str, Any]:
    times = {"start": start, "end": end}
    known = {name: value for name, value in times.items() if value is not None}
    return {"code": code, "detail": f"About {code}.", **known}


def test_each_warning_is_a_sentence_in_the_readers_language(
    page: Page, browser: Browser, site: Orchestrator, done: str
) -> None:
    found = {"warnings": [*map(warning, _SENTENCES), warning("unheard_of")]}
    show_job(page, done, found)
    for code, sentence in _SENTENCES.items():
        expect(page.locator(f"[data-code={code}]")).to_contain_text(sentence)
    expect(page.locator("[data-code=unheard_of]")).to_have_text("About unheard_of.")
    with new_page(browser, site.address, language="en") as english:
        show_job(english, done, found)
        expect(english.locator("[data-code=clipped]")).to_contain_text("The audio is clipped")


def test_warnings_of_one_code_share_their_sentence_and_list_their_times(
    page: Page, done: str
) -> None:
    show_job(page, done, FOUND)
    doubtful = page.locator("[data-code=low_confidence]")
    expect(doubtful).to_contain_text("0:01–0:03")
    expect(doubtful.get_by_text("1:01:30–1:01:32")).to_be_hidden()
    doubtful.get_by_text("Mais 5").click()
    expect(doubtful.get_by_text("1:01:30–1:01:32")).to_be_visible()
    expect(page.locator("[data-code=several_tracks] .times")).to_have_count(0)


def test_segments_within_a_low_confidence_span_are_marked_and_no_others(
    page: Page, done: str
) -> None:
    spans = [warning("low_confidence", 1.5, 4.5), warning("low_confidence", 6.5, 7.0)]
    show_job(page, done, {"warnings": [*spans, warning("speech_without_text", 0.0, 1.5)]})
    expect(page.locator(".uncertain")).to_have_count(2)
    times = page.locator(".uncertain time").all_inner_texts()
    assert times == ["0:01", "0:03"], "segments of 1.5 s, from 1.5 s and from 3 s"
    expect(page.locator(".uncertain small").first).to_contain_text("incerto")


def test_speaker_and_language_are_shown_where_they_change(page: Page, done: str) -> None:
    show_job(page, done, {})
    expect(page.locator(".line small").first).to_be_visible()
    labels = [line.locator("small").all_inner_texts() for line in page.locator(".line").all()]
    assert labels[:6] == [["Canal 1"], [], ["Canal 2"], ["Canal 1 · Português"], [], ["Canal 2"]]


def test_languages_tracks_and_quality_are_shown(page: Page, done: str) -> None:
    show_job(page, done, FOUND)
    facts = page.locator(".found-facts")
    expect(facts).to_contain_text("Inglês 1:10")
    expect(facts).to_contain_text("1:21 de 1:30 de fala transcritos")
    expect(facts).to_contain_text("Confiança média: 87 %")
    chosen = facts.locator("dd").filter(has_text="transcrita")
    expect(chosen).to_have_text(re.compile("Faixa 2 · Português · aac · 6 canais"))


@pytest.mark.parametrize(
    ("warnings", "title", "hint"),
    [
        (["no_speech"], "Nenhuma fala encontrada", "não contém fala"),
        (["speech_without_text"], "Fala sem palavras reconhecíveis", "nenhuma palavra pôde"),
        (["truncated_source"], "A transcrição está vazia", "Os avisos acima explicam por quê."),
        ([], "A transcrição está vazia", "não informaram o motivo"),
    ],
)
def test_an_empty_transcript_shows_the_reason(
    page: Page, done: str, warnings: list[str], title: str, hint: str
) -> None:
    empty = {"transcription_text": "", "transcription_segments": []}
    show_job(page, done, {**empty, "warnings": [*map(warning, warnings)]})
    expect(page.get_by_role("heading", name=title)).to_be_visible()
    expect(page.locator(".empty")).to_contain_text(hint)


def test_a_job_without_findings_is_shown(page: Page, done: str) -> None:
    absent = dict.fromkeys(("warnings", "quality", "languages", "audio_tracks"))
    show_job(page, done, absent)
    expect_status(page, "concluída")
    expect(page.locator(".line").first).to_be_visible()
    expect(page.locator(".warnings, .found-facts")).to_have_count(0)


def test_credentials_in_a_url_are_never_shown(page: Page, done: str) -> None:
    facts = {"youtube_url": _SECRET_URL, "video": None, "error_code": "x", "status": "failed"}
    show_job(page, done, {**facts, "error_message": f"{_SECRET_URL} is gone"})
    expect(page.get_by_role("heading", level=1)).to_have_text("v.test/talk")
    link = page.get_by_role("link", name="abrir original")
    expect(link).to_have_attribute("href", "https://v.test/talk")
    expect(page.get_by_role("alert")).to_contain_text("https://v.test/talk is gone")
    assert "s3cret" not in page.content() + page.title()

    row = {"job_id": done, "youtube_url": _SECRET_URL, "title": None, "status": "completed"}
    show_list(page, row)
    expect(page.get_by_role("link", name="v.test/talk")).to_be_visible()
    assert "s3cret" not in page.content()


@pytest.mark.parametrize(("count", "words"), [(1, "1 aviso"), (12, "12 avisos")])
def test_the_list_counts_warnings(page: Page, done: str, count: int, words: str) -> None:
    row = {"job_id": done, "youtube_url": "https://v.test/a", "title": "A", "status": "completed"}
    show_list(page, {**row, "warning_count": count})
    expect(page.locator(".rows .facts").get_by_text(words, exact=True)).to_be_visible()
