"""Real speech, transcribed and played in a real browser."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.support.browser import SCREENSHOTS, new_page
from tests.support.pages import expect_status, job_of
from tools.background import BackgroundStack
from tools.waiting import wait_until

_CLIP = Path(__file__).parents[3] / "samples" / "jfk.wav"
_WORK_MS = 90_000


@pytest.fixture
def page(browser: Browser, stack: BackgroundStack) -> Iterator[Page]:
    """A page of the complete system."""
    with new_page(browser, stack.address) as opened:
        yield opened


def await_sound(page: Page) -> None:
    """Wait until the audio has advanced by half a second."""
    audio = page.locator("audio")
    start_s = float(audio.evaluate("audio => audio.currentTime"))

    def has_played() -> bool:
        return float(audio.evaluate("audio => audio.currentTime")) > start_s + 0.5

    wait_until(has_played, timeout_s=15, what="the audio to play")


def warn_at(page: Page, start: float) -> None:
    """Reload the job with a `low_confidence` warning at a time."""
    job_id = job_of(page)
    warning = {"code": "low_confidence", "detail": "…", "start": start, "end": start + 2}

    def answer(route: Route) -> None:
        route.fulfill(json={**route.fetch().json(), "warnings": [warning]})

    page.route(re.compile(rf"//[^/]+/jobs/{job_id}$"), answer)
    page.goto(f"/ui/jobs/{job_id}#t=2.5")
    page.reload()
    expect(page.locator("audio")).to_have_js_property("currentTime", 2.5)


def test_a_clip_is_uploaded_transcribed_played_and_searched(page: Page) -> None:
    page.goto("/")
    page.locator("[type=file]").set_input_files(_CLIP)
    page.get_by_role("button", name="Transcrever").click()
    page.wait_for_url("**/ui/jobs/*")
    expect(page.get_by_text("etapa dispensada")).to_be_visible()  # nothing to download
    expect(page.locator("h1 + .facts .badge")).to_have_text("concluída", timeout=_WORK_MS)
    lines = page.get_by_role("button", name=re.compile(r"^\d+:\d\d "))
    expect(lines.last).to_contain_text("country")

    lines.last.click()
    expect(lines.last).to_have_attribute("aria-current", "true")
    await_sound(page)
    assert page.evaluate("document.querySelector('audio').error") is None

    warn_at(page, 4.0)
    page.get_by_role("link", name="Ouvir a partir de 0:04–0:06").click()
    await_sound(page)
    assert 4.0 < float(page.locator("audio").evaluate("audio => audio.currentTime")) < 9.0

    page.get_by_label("Buscar na transcrição").fill("COUNTRY")
    expect(page.get_by_text("1 de 2")).to_be_visible()
    page.get_by_role("button", name="Próxima ocorrência").click()
    expect(page.get_by_text("2 de 2")).to_be_visible()
    page.screenshot(path=SCREENSHOTS / "reading.png")

    page.evaluate("sessionStorage.setItem('ytcaption.key', 'ytc_any')")
    page.reload()
    expect_status(page, "concluída")
    expect(page.locator("audio")).to_have_attribute("src", re.compile("^blob:"))
    lines.first.click()
    await_sound(page)
    with page.expect_download() as saving:
        page.get_by_role("link", name="SRT").click()
    assert "-->" in Path(saving.value.path()).read_text()
