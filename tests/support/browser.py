"""A headless Chromium for tests of the pages, and checks of accessibility and layout.

It uses the project's fonts only, never those of the machine (`tests.support.fonts`).
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, Literal

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.support.fonts import Font, font_environment
from tests.support.project import ROOT
from tools.vendor_chromium import choose_chromium

__all__ = [
    "DESKTOP",
    "PHONE",
    "SCREENSHOTS",
    "SMALLEST",
    "TABLET",
    "Theme",
    "faults_of",
    "fonts_of",
    "new_page",
    "running_browser",
    "shoot",
    "spills_of",
]

SCREENSHOTS: Final = ROOT / "build" / "screenshots"
DESKTOP: Final = (1200, 850)
TABLET: Final = (700, 900)
PHONE: Final = (360, 740)
SMALLEST: Final = (320, 600)  # WCAG 2.2, 1.4.10: no horizontal scrolling down to this width
_TIMEOUT_MS: Final = 15_000
_NETWORK: Final = (
    "Failed to load resource"  # logged by Chromium for every 4xx, which tests cause on purpose
)
Theme = Literal["light", "dark"]


@contextmanager
def running_browser(font: Font = Font.DEJAVU) -> Iterator[Browser]:
    """Run the browser selected by `TEST_BROWSER` for the duration of the block.

    Args:
        font: The only font family available. The default is the widest.
    """
    chromium = choose_chromium()
    expect.set_options(timeout=_TIMEOUT_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium.path,
            env={**os.environ, **chromium.environment, **font_environment(font)},
        )
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def new_page(browser: Browser, address: str, *, language: str = "pt-BR") -> Iterator[Page]:
    """Open an empty page with its own storage.

    Args:
        browser: The browser.
        address: The base URL.
        language: The preferred language of the browser.

    Raises:
        AssertionError: On exit: a script failed or was blocked by the Content-Security-Policy.
    """
    width, height = DESKTOP
    context = browser.new_context(
        base_url=address,
        locale=language,
        permissions=["clipboard-read", "clipboard-write"],
        viewport={"width": width, "height": height},
    )
    context.set_default_timeout(_TIMEOUT_MS)
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on(
        "console",
        lambda message: (
            errors.append(message.text)
            if message.type == "error" and _NETWORK not in message.text
            else None
        ),
    )
    try:
        yield page
    finally:
        context.close()
    assert not errors, errors


def faults_of(page: Page) -> list[str]:
    """Return the accessibility violations that axe-core finds, one line each."""
    found = Axe().run(page).response["violations"]
    return [f"{one['id']}: {node['html']}" for one in found for node in one["nodes"]]


def fonts_of(page: Page, selector: str) -> set[str]:
    """Return the font families that an element's text is rendered with."""
    session = page.context.new_cdp_session(page)
    session.send("DOM.enable")
    session.send("CSS.enable")
    root = session.send("DOM.getDocument")["root"]["nodeId"]
    found = session.send("DOM.querySelector", {"nodeId": root, "selector": selector})
    used = session.send("CSS.getPlatformFontsForNode", {"nodeId": found["nodeId"]})
    session.detach()
    return {font["familyName"] for font in used["fonts"]}


def spills_of(page: Page) -> list[str]:
    """Return the elements that overflow horizontally, including the page itself.

    Elements with an ellipsis or for screen readers only are excluded.
    """
    found: list[str] = page.evaluate(_FIND_SPILLS)
    return found


_FIND_SPILLS: Final = """() => {
  const isHidden = (one) =>
    Boolean(one) && (getComputedStyle(one).clipPath !== "none" || isHidden(one.parentElement));
  const isIntended = (one) => getComputedStyle(one).textOverflow === "ellipsis" || isHidden(one);
  return [document.documentElement, ...document.body.querySelectorAll("*")]
    .filter((one) => one.clientWidth && one.scrollWidth > one.clientWidth && !isIntended(one))
    .map((one) => `${one.tagName} ${one.className}: ${one.scrollWidth - one.clientWidth} px`);
}"""


def shoot(page: Page, name: str, theme: Theme) -> None:
    """Save full-page screenshots for desktop and phone, for review by a person.

    Raises:
        AssertionError: An element overflows.
    """
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    for device, (width, height) in (("phone", PHONE), ("desktop", DESKTOP)):
        page.set_viewport_size({"width": width, "height": height})
        page.screenshot(path=SCREENSHOTS / f"{name}-{theme}-{device}.png", full_page=True)
        spills = spills_of(page)
        assert not spills, f"{name} does not fit a {device}: {spills}"
