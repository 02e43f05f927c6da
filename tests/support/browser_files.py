"""Downloads the browser and the fonts for the page tests: ``make browser``."""

import sys

from tests.support.fonts import Font, font_environment
from tools.vendor_chromium import VARIABLE, choose_chromium

__all__ = ["main"]


def main() -> None:
    """Download what is missing, and print the browser's description."""
    sys.stdout.write(f"Browser ({VARIABLE}): {choose_chromium().description}\n")
    for font in Font:
        font_environment(font)
    sys.stdout.write(f"Fonts: {', '.join(Font)}\n")


if __name__ == "__main__":
    main()
