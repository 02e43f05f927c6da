"""The pages of a server that requires API keys."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from orchestrator.domain.access import make_key
from tests.support.api_process import VIDEO, Api, running_api
from tests.support.browser import new_page

CLEAR, KEY = make_key("ann", ["submit", "read"])
ADMIN, ADMIN_KEY = make_key("root", ["admin"])


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """An API with two keys and without workers."""
    with running_api(tmp_path_factory.mktemp("keys"), API_KEYS=f"{KEY},{ADMIN_KEY}") as running:
        yield running


@pytest.fixture
def page(browser: Browser, api: Api) -> Iterator[Page]:
    """A page without an API key."""
    with new_page(browser, api.orchestrator.address) as opened:
        yield opened


def test_pages_need_no_key_and_load_nothing_from_other_hosts(api: Api) -> None:
    for path in ("/", "/ui/jobs", "/ui/jobs/some", "/ui/operator", "/ui/static/api.js"):
        answer = api.call("GET", path)
        assert answer.status_code == 200, path
        policy = answer.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
        assert "unsafe" not in policy
        assert "require-trusted-types-for 'script'" in policy
    shell = api.call("GET", "/ui/jobs/%22%3E%3Cscript%3E", headers={"Accept-Language": "en"})
    assert shell.text.count("<script") == 2
    assert '<html lang="en">' in shell.text
    assert api.call("GET", "/ui/static/..%2fpages.py").status_code == 404


def enter(page: Page, key: str) -> None:
    page.get_by_role("dialog").get_by_label("Chave de API").fill(key)
    page.get_by_role("button", name="Usar esta chave").click()


def test_a_submission_asks_for_the_key_once_and_continues(page: Page) -> None:
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url))
    page.goto("/")
    page.get_by_label("Link do vídeo").fill(VIDEO)
    page.get_by_role("button", name="Transcrever").click()
    enter(page, CLEAR)
    page.wait_for_url("**/ui/jobs/*")
    with page.expect_response("**/events") as stream:
        page.reload()
    assert stream.value.status == 200
    expect(page.locator(".badge").first).to_have_text("na fila")
    page.get_by_role("button", name="Cancelar").click()
    expect(page.locator(".badge").first).to_have_text("cancelada")
    assert not [url for url in sent if CLEAR in url]


def test_the_key_is_stored_in_the_tab_only(page: Page) -> None:
    page.goto("/ui/jobs")
    page.get_by_role("alert").get_by_role("button", name="Informar a chave de API").click()
    enter(page, CLEAR)
    expect(page.get_by_role("alert")).to_have_count(0)
    assert CLEAR in page.evaluate("JSON.stringify(sessionStorage)")
    assert CLEAR not in page.evaluate("JSON.stringify(localStorage) + document.cookie")
    other = page.context.new_page()
    other.goto("/ui/jobs")
    expect(other.get_by_role("alert")).to_be_visible()


def test_an_invalid_key_shows_an_error_and_can_be_removed(page: Page) -> None:
    page.goto("/ui/jobs")
    page.get_by_role("alert").get_by_role("button").click()
    enter(page, "ytc_wrong")
    expect(page.get_by_role("alert")).to_contain_text("chave")
    page.get_by_role("button", name="Trocar a chave de API").click()
    page.get_by_role("button", name="Esquecer a chave").click()
    expect(page.get_by_role("banner").get_by_role("button", name="Informar")).to_be_visible()


def test_the_operators_page_requires_the_admin_scope(page: Page) -> None:
    page.goto("/ui/operator")
    page.get_by_role("alert").get_by_role("button").click()
    enter(page, CLEAR)
    expect(page.get_by_role("alert")).to_contain_text("admin")
    page.get_by_role("alert").get_by_role("button").click()
    enter(page, ADMIN)
    expect(page.get_by_text("transcrições armazenadas")).to_be_visible()
