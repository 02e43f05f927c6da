"""Steps on the pages that several tests share."""

from playwright.sync_api import Page, Route, expect

__all__ = ["expect_status", "forbid_streams", "job_of", "send"]


def send(page: Page, url: str) -> str:
    """Submit a video's URL and return the id of its job."""
    page.goto("/")
    page.get_by_label("Link do vídeo").fill(url)
    page.get_by_role("button", name="Transcrever").click()
    page.wait_for_url("**/ui/jobs/*")
    return job_of(page)


def job_of(page: Page) -> str:
    """Return the id of the job on a page."""
    return page.url.rpartition("/")[2]


def expect_status(page: Page, status: str) -> None:
    """Wait until a job's page shows a status."""
    expect(page.locator("h1 + .facts .badge")).to_have_text(status)


def forbid_streams(page: Page) -> None:
    """Block event streams, as some proxies do; other requests pass."""

    def decide(route: Route) -> None:
        if route.request.headers.get("accept") == "text/event-stream":
            route.abort()
        else:
            route.continue_()

    page.route("**/events", decide)
