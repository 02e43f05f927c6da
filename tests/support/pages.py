"""Steps through the pages that several tests take."""

from playwright.sync_api import Page, Route, expect

__all__ = ["expect_status", "forbid_streams", "job_of", "send"]


def send(page: Page, address: str) -> str:
    """Submit a video's address, arrive at its job and return the job's id."""
    page.goto("/")
    page.get_by_label("Link do vídeo").fill(address)
    page.get_by_role("button", name="Transcrever").click()
    page.wait_for_url("**/ui/jobs/*")
    return job_of(page)


def job_of(page: Page) -> str:
    """Return the id of the job that a page shows."""
    return page.url.rpartition("/")[2]


def expect_status(page: Page, word: str) -> None:
    """Wait until a job's page shows a status."""
    expect(page.locator("h1 + .facts .badge")).to_have_text(word)


def forbid_streams(page: Page) -> None:
    """Let no event stream through, as some proxies do; whatever else is asked is answered."""

    def decide(route: Route) -> None:
        if route.request.headers.get("accept") == "text/event-stream":
            route.abort()
        else:
            route.continue_()

    page.route("**/events", decide)
