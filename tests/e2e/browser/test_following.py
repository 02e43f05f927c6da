"""A job's page during cancellation, failure and lost connections."""

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
    expect_status(page, "cancelada")
    assert site.get(f"/jobs/{job_id}")["status"] == "cancelled"


def test_a_failed_job_shows_its_reason_and_can_be_retried(page: Page, site: Orchestrator) -> None:
    site.services[Role.NORMALIZER].control(fail_next=1)
    send(page, site.video("failing"))
    expect_status(page, "falhou")
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("Falhou em: Normalização")
    expect(alert).to_contain_text("This video is not available")
    expect(alert).to_contain_text("video_unavailable")
    page.get_by_role("button", name=re.compile("Retomar")).click()
    expect_status(page, "concluída")
    expect(page.locator(".line").first).to_be_visible()


def test_a_page_recovers_from_an_api_restart(page: Page, site: Orchestrator) -> None:
    site.services[Role.TRANSCRIBER].control(hold=True, stage_s=0.4)
    send(page, site.video("restarted"))
    expect_status(page, "transcrevendo")
    assert site.api is not None
    site.api.kill()
    expect(page.get_by_text("Conexão perdida. Reconectando…").first).to_be_visible()
    site.start_api()
    expect(page.get_by_text("Conexão perdida")).to_have_count(0)
    site.services[Role.TRANSCRIBER].control(hold=False)
    expect_status(page, "concluída")
    expect(page.locator(".line").first).to_be_visible()


def test_a_job_is_polled_if_streams_are_blocked(page: Page, site: Orchestrator) -> None:
    site.services[Role.TRANSCRIBER].control(hold=True)
    forbid_streams(page)
    send(page, site.video("polled"))
    expect(page.get_by_text("Atualizações ao vivo indisponíveis")).to_be_visible()
    expect(page.get_by_role("heading", name="Transcrição até agora")).to_be_visible()
    site.services[Role.TRANSCRIBER].control(hold=False)
    expect_status(page, "concluída")


def test_the_list_updates_and_can_cancel_and_retry(page: Page, site: Orchestrator) -> None:
    site.services[Role.DOWNLOADER].control(hold=True)
    job_id = site.submit("from-the-list")
    page.goto("/ui/jobs")
    row = page.locator(".rows > li").filter(has=page.locator(f"a[href$='{job_id}']"))
    expect(row.get_by_text("baixando")).to_be_visible()
    row.get_by_role("button", name=re.compile("Cancelar")).click()
    expect(row.get_by_text("cancelada")).to_be_visible()
    site.services[Role.DOWNLOADER].control(hold=False)
    row.get_by_role("button", name=re.compile("Retomar")).click()
    expect(row.get_by_text("concluída")).to_be_visible()
