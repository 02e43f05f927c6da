"""The pages work in a real browser."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.browser import new_page
from tests.support.fake_service import Role
from tests.support.orchestrator import Orchestrator
from tests.support.pages import expect_status, job_of, send

_MOVING = re.compile(r"^[1-9]\d?(\.\d+)?$")  # between 0 and 100
_ATTACK = "<img src=x onerror=\"document.title='owned'\">Entrevista & <b>conversa</b>"
_CLIP = Path(__file__).parents[3] / "samples" / "jfk.wav"


def test_a_url_becomes_a_transcript_with_live_progress(page: Page, site: Orchestrator) -> None:
    for role in Role:
        site.services[role].control(stage_s=1.5)
    job_id = send(page, site.video("watched"))
    for stage in ("Download", "Normalização", "Transcrição"):
        expect(page.get_by_role("progressbar", name=stage)).to_have_attribute("value", _MOVING)
    expect(page.get_by_role("heading", name="Transcrição até agora")).to_be_visible()
    before = page.locator(".line").count()
    expect(page.get_by_role("heading", name="Transcrição", exact=True)).to_be_visible()
    lines = page.locator(".line span").all_inner_texts()
    assert lines == [one["text"] for one in site.get(f"/jobs/{job_id}")["transcription_segments"]]
    assert 0 < before < len(lines)


def test_a_transcript_can_be_saved_and_copied(
    page: Page, site: Orchestrator, tmp_path: Path
) -> None:
    job_id = send(page, site.video("saved"))
    expect_status(page, "concluída")
    text = site.get(f"/jobs/{job_id}")["transcription_text"]
    for ending, sign in (("TXT", text), ("SRT", "-->"), ("VTT", "WEBVTT"), ("JSON", '"cues"')):
        with page.expect_download() as saving:
            page.get_by_role("link", name=ending).click()
        path = tmp_path / saving.value.suggested_filename
        saving.value.save_as(path)
        assert path.suffix == f".{ending.lower()}"
        assert sign in path.read_text()
    page.get_by_role("button", name="Copiar texto").click()
    expect(page.get_by_role("button", name="Copiado")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == text


def test_a_rejected_download_can_be_retried_with_another_key(
    page: Page, site: Orchestrator
) -> None:
    send(page, site.video("refused"))
    expect_status(page, "concluída")
    page.evaluate("sessionStorage.setItem('ytcaption.key', 'ytc_old')")
    problem = {"code": "unauthenticated", "detail": "Esta chave não vale mais."}
    page.route("**/transcript?*", lambda route: route.fulfill(status=401, json=problem))
    page.get_by_role("link", name="SRT").click()
    page.get_by_role("dialog").get_by_role("button", name="Fechar").click()
    expect(page.get_by_role("alert")).to_contain_text("Esta chave não vale mais.")

    page.unroute("**/transcript?*")
    page.get_by_role("alert").get_by_role("button", name="Informar a chave de API").click()
    page.get_by_role("dialog").get_by_label("Chave de API").fill("ytc_new")
    with page.expect_download() as saving:
        page.get_by_role("button", name="Usar esta chave").click()
    assert saving.value.suggested_filename.endswith(".srt")
    expect(page.get_by_role("alert")).to_have_count(0)


def test_every_option_is_sent(page: Page, site: Orchestrator) -> None:
    page.goto("/")
    page.get_by_label("Link do vídeo").fill(site.video("chosen"))
    page.get_by_label("Idioma falado").select_option("pt")
    page.get_by_label("Traduzir para").select_option("en")
    page.get_by_text("Mais opções").click()
    page.get_by_label("Reduzir ruído").uncheck()
    page.get_by_label("Converter para mono").uncheck()
    page.get_by_label("Reamostrar para 16 kHz").uncheck()
    page.get_by_label("Cortar graves").check()
    page.get_by_label("Isolar a voz").check()
    page.get_by_label("Canais").select_option("separate")
    page.get_by_label("Faixa de áudio").fill(" 2 ")
    page.get_by_label("Nomes e termos").fill("Clarice, Ipanema")
    with page.expect_request("**/pipeline") as sent:
        page.get_by_role("button", name="Transcrever").click()
    page.wait_for_url("**/ui/jobs/*")
    assert sent.value.post_data_json == {
        "youtube_url": site.video("chosen"),
        "language": "pt",
        "language_out": "en",
        "remove_noise": False,
        "convert_to_mono": False,
        "set_sample_rate_16k": False,
        "apply_highpass_filter": True,
        "isolate_vocals": True,
        "channels": "separate",
        "audio_track": 2,
        "vocabulary": ["Clarice", "Ipanema"],
    }
    expect_status(page, "concluída")


def test_a_file_is_sent_instead_of_a_url(page: Page) -> None:
    page.goto("/")
    page.locator("[type=file]").set_input_files(_CLIP)
    expect(page.locator(".file .name")).to_have_text("jfk.wav")
    page.get_by_role("button", name="Transcrever").click()
    page.wait_for_url("**/ui/jobs/*")
    expect(page.get_by_role("heading", name="jfk.wav")).to_be_visible()
    expect_status(page, "concluída")


def test_a_dropped_file_can_be_removed(page: Page) -> None:
    page.goto("/")
    page.locator("form.submit").evaluate(
        """form => {
            const carried = new DataTransfer();
            carried.items.add(new File(["sound"], "solto.mp3", {type: "audio/mpeg"}));
            form.dispatchEvent(new DragEvent("drop", {dataTransfer: carried, bubbles: true}));
        }"""
    )
    expect(page.locator(".file .name")).to_have_text("solto.mp3")
    page.get_by_role("button", name="Remover arquivo").click()
    expect(page.get_by_label("Link do vídeo")).to_be_visible()


def test_a_server_error_is_shown_beside_its_field(page: Page) -> None:
    page.goto("/")
    page.get_by_label("Link do vídeo").fill("http://elsewhere.test/film")
    page.get_by_role("button", name="Transcrever").click()
    expect(page.locator("#fault-source")).to_contain_text("elsewhere.test")
    expect(page.get_by_label("Link do vídeo")).to_be_focused()
    expect(page.get_by_role("button", name="Transcrever")).to_be_enabled()


def test_the_keyboard_is_enough_to_submit(page: Page, site: Orchestrator) -> None:
    page.goto("/")
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.name") == "youtube_url":
            break
    page.keyboard.type(site.video("typed"))
    page.keyboard.press("Enter")
    page.wait_for_url("**/ui/jobs/*")
    expect_status(page, "concluída")


def test_a_title_that_is_markup_stays_text(page: Page, site: Orchestrator) -> None:
    site.services[Role.DOWNLOADER].control(title=_ATTACK)
    send(page, site.video("attack"))
    expect(page.get_by_role("heading", level=1)).to_have_text(_ATTACK)
    expect_status(page, "concluída")
    page.goto("/ui/jobs")
    expect(page.get_by_role("link", name=_ATTACK).first).to_be_visible()
    assert page.locator("#app img, #app h1 b, .rows b").count() == 0
    assert "owned" not in page.title()


def test_a_javascript_url_is_not_a_link(page: Page, site: Orchestrator) -> None:
    job_id = send(page, site.video("script"))
    expect_status(page, "concluída")
    expect(page.get_by_role("link", name="abrir original")).to_be_visible()

    shown = site.get(f"/jobs/{job_id}") | {"youtube_url": "javascript:alert(1)"}
    page.route(f"{site.address}/jobs/{job_id}", lambda route: route.fulfill(json=shown))
    page.reload()
    expect_status(page, "concluída")
    expect(page.get_by_role("link", name="abrir original")).to_have_count(0)


def test_search_ignores_case_and_accents(page: Page) -> None:
    page.goto("/")
    parts = page.evaluate(
        """import('/ui/static/search.js').then(
            ({splitMatches}) => splitMatches('Ação? NÃO, ação não.', 'nao')
        )"""
    )
    assert [part["text"] for part in parts if part["isMatch"]] == ["NÃO", "não"]
    assert "".join(part["text"] for part in parts) == "Ação? NÃO, ação não."


def test_segments_of_a_new_attempt_replace_those_of_a_failed_one(page: Page) -> None:
    page.goto("/")
    texts = page.evaluate(
        """import('/ui/static/segments.js').then(({Segments}) => {
            const kept = new Segments();
            kept.add({index: 0, attempt: 1, text: "old"});
            kept.add({index: 1, attempt: 1, text: "older"});
            kept.add({index: 0, attempt: 2, text: "new"});
            kept.add({index: 1, attempt: 1, text: "late"});
            return kept.received.map((one) => one.text);
        })"""
    )
    assert texts == ["new"]


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        ("pt-BR", "Nova transcrição"),
        ("en-GB", "New transcript"),
        ("fr-FR", "Nova transcrição"),
    ],
)
def test_pages_are_in_the_language_of_the_browser(
    browser: Browser, site: Orchestrator, asked: str, shown: str
) -> None:
    with new_page(browser, site.address, language=asked) as page:
        page.goto("/")
        expect(page.get_by_role("heading", level=1)).to_have_text(shown)


def test_the_chosen_language_is_kept(page: Page) -> None:
    page.goto("/")
    page.get_by_role("button", name="Switch to English").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("New transcript")
    page.goto("/ui/jobs")
    expect(page.get_by_role("heading", level=1)).to_have_text("Jobs")
    assert page.locator("html").get_attribute("lang") == "en"
    page.goto("/")
    page.get_by_label("Video URL").fill("http://elsewhere.test/film")
    page.get_by_role("button", name="Transcribe").click()
    expect(page.locator("#fault-source")).to_contain_text("is not an allowed source")


def test_the_chosen_theme_is_kept(page: Page) -> None:
    page.emulate_media(color_scheme="light")
    page.goto("/")
    page.get_by_role("button", name=re.compile("Tema")).click()
    page.get_by_role("button", name=re.compile("Tema")).click()
    page.goto("/ui/jobs")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(18, 23, 26)"


def test_the_list_filters_and_leads_to_a_job(page: Page, site: Orchestrator) -> None:
    job_id = send(page, site.video("listed"))
    expect_status(page, "concluída")
    page.goto("/ui/jobs")
    page.get_by_label("Status").select_option("failed")
    expect(page.locator(".badge.completed")).to_have_count(0)
    page.get_by_label("Status").select_option("completed")
    page.locator(f"a[href$='{job_id}']").click()
    expect_status(page, "concluída")
    assert job_of(page) == job_id


def test_deleting_a_job_requires_confirmation(page: Page, site: Orchestrator) -> None:
    job_id = send(page, site.video("deleted"))
    expect_status(page, "concluída")
    page.get_by_role("button", name="Excluir").click()
    page.get_by_role("dialog").get_by_role("button", name="Manter").click()
    assert site.get(f"/jobs/{job_id}")["status"] == "completed"
    page.get_by_role("button", name="Excluir").click()
    page.get_by_role("dialog").get_by_role("button", name="Excluir").click()
    page.wait_for_url("**/ui/jobs")
    expect(page.locator(f"a[href$='{job_id}']")).to_have_count(0)
    page.goto(f"/ui/jobs/{job_id}")
    expect(page.get_by_role("heading", name="Transcrição não encontrada")).to_be_visible()


def test_the_operators_page_shows_services_and_metrics(page: Page) -> None:
    page.goto("/ui/operator")
    row = page.get_by_role("row", name=re.compile("video-downloader"))
    expect(row).to_contain_text("saudável")
    expect(row).to_contain_text("fechado")
    expect(page.get_by_text("transcrições armazenadas")).to_be_visible()
    flower = page.get_by_role("link", name="Flower")
    assert flower.get_attribute("href") == "http://127.0.0.1:5555"
