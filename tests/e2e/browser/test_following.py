"""A job's page while things go wrong: cancelled, failed, cut off."""

import re

from playwright.sync_api import Page, expect

from tests.support.fake_service import Role
from tests.support.orchestrator import Orchestrator
from tests.support.pages import expect_status, forbid_streams, send


def test_a_job_is_cancelled_at_once(page: Page, site: Orchestrator) -> None:
    site.services[Role.DOWNLOADER].control(hold=True)
    job_id = send(page, site.video("cancelled"))
    expect_status(page, "baixando")
    page.get_by_role("button", name=re.compile("Cancelar")).click()
    expect_status(page, "cancelado")
    assert site.get(f"/jobs/{job_id}")["status"] == "cancelled"


def test_a_failed_job_says_why_and_a_retry_makes_it_good(page: Page, site: Orchestrator) -> None:
    site.services[Role.NORMALIZER].control(fail_next=1)
    send(page, site.video("failing"))
    expect_status(page, "falhou")
    told = page.get_by_role("alert")
    expect(told).to_contain_text("Falhou em: Normalização")
    expect(told).to_contain_text("This video is not available")
    expect(told).to_contain_text("video_unavailable")
    page.get_by_role("button", name=re.compile("Repetir")).click()
    expect_status(page, "concluído")
    expect(page.locator(".line").first).to_be_visible()


def test_a_page_goes_on_after_the_api_has_been_away(page: Page, site: Orchestrator) -> None:
    site.services[Role.TRANSCRIBER].control(hold=True, stage_s=0.4)
    send(page, site.video("restarted"))
    expect_status(page, "transcrevendo")
    assert site.api is not None
    site.api.kill()
    expect(page.get_by_text("Conexão perdida. Tentando de novo…").first).to_be_visible()
    site.start_api()
    expect(page.get_by_text("Conexão perdida")).to_have_count(0)
    site.services[Role.TRANSCRIBER].control(hold=False)
    expect_status(page, "concluído")
    expect(page.locator(".line").first).to_be_visible()


def test_a_job_is_polled_where_no_stream_gets_through(page: Page, site: Orchestrator) -> None:
    site.services[Role.TRANSCRIBER].control(hold=True)
    forbid_streams(page)
    send(page, site.video("polled"))
    expect(page.get_by_text("Sem transmissão ao vivo")).to_be_visible()
    expect(page.get_by_role("heading", name="Transcrição até agora")).to_be_visible()
    site.services[Role.TRANSCRIBER].control(hold=False)
    expect_status(page, "concluído")


def test_the_list_follows_and_can_cancel_and_retry(page: Page, site: Orchestrator) -> None:
    site.services[Role.DOWNLOADER].control(hold=True)
    job_id = site.submit("from-the-list")
    page.goto("/ui/jobs")
    row = page.locator(".rows > li").filter(has=page.locator(f"a[href$='{job_id}']"))
    expect(row.get_by_text("baixando")).to_be_visible()
    row.get_by_role("button", name=re.compile("Cancelar")).click()
    expect(row.get_by_text("cancelado")).to_be_visible()
    site.services[Role.DOWNLOADER].control(hold=False)
    row.get_by_role("button", name=re.compile("Repetir")).click()
    expect(row.get_by_text("concluído")).to_be_visible()
