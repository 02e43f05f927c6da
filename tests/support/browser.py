"""A real headless Chromium for tests of the pages, and what every page has to be."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Literal

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tools.vendor_chromium import find_chromium

__all__ = ["PHONE", "SCREENSHOTS", "Theme", "faults_of", "new_page", "running_browser", "shoot"]

SCREENSHOTS: Final = Path(__file__).parents[2] / "build" / "screenshots"
DESKTOP: Final = (1200, 850)
PHONE: Final = (360, 740)
_PATIENCE_MS: Final = 15_000
_NETWORK: Final = "Failed to load resource"  # Chromium's word on any 4xx, which tests provoke
Theme = Literal["light", "dark"]


@contextmanager
def running_browser() -> Iterator[Browser]:
    """Run a browser until the block ends."""
    chromium = find_chromium()
    expect.set_options(timeout=_PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium.path, env={**os.environ, **chromium.environment}
        )
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def new_page(browser: Browser, address: str, *, language: str = "pt-BR") -> Iterator[Page]:
    """Open an empty page of a person with storage of its own.

    Args:
        browser: The browser.
        address: Where relative addresses lead.
        language: What the person's browser prefers.

    Raises:
        AssertionError: At the end: a script failed, or the Content-Security-Policy stopped it.
    """
    width, height = DESKTOP
    context = browser.new_context(
        base_url=address,
        locale=language,
        permissions=["clipboard-read", "clipboard-write"],
        viewport={"width": width, "height": height},
    )
    context.set_default_timeout(_PATIENCE_MS)
    page = context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on(
        "console",
        lambda said: (
            wrong.append(said.text) if said.type == "error" and _NETWORK not in said.text else None
        ),
    )
    try:
        yield page
    finally:
        context.close()
    assert not wrong, wrong


def faults_of(page: Page) -> list[str]:
    """Return what axe-core finds wrong with a page as it is, a line each."""
    found = Axe().run(page).response["violations"]
    return [f"{one['id']}: {node['html']}" for one in found for node in one["nodes"]]


def shoot(page: Page, name: str, theme: Theme) -> None:
    """Take a picture of a whole page on a desktop and on a phone, for a person to look at.

    Raises:
        AssertionError: On the phone the page is wider than the screen.
    """
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    for device, (width, height) in (("phone", PHONE), ("desktop", DESKTOP)):
        page.set_viewport_size({"width": width, "height": height})
        page.screenshot(path=SCREENSHOTS / f"{name}-{theme}-{device}.png", full_page=True)
        wide_by = page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert wide_by <= 0, f"{name} is {wide_by} px wider than a {device}"
