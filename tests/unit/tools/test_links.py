"""Links of what is read in the repository itself, and the Portuguese README beside the English."""

import re
from pathlib import Path

import pytest

from tests.support.project import ROOT

_PAGES = sorted(
    page.relative_to(ROOT)
    for pattern in ("*.md", "docs/**/*.md", "samples/*.md")
    for page in ROOT.glob(pattern)
)
_LINK = re.compile(r"\]\((?!https?:|mailto:)([^)\s]*)\)")
_FENCE = re.compile(r"^ *```.*?^ *```", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def anchors(page: Path) -> set[str]:
    """Return the names of a page's headings, as hosts and mkdocs make them."""
    headings = _HEADING.findall(_FENCE.sub("", page.read_text()))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def shape(page: str) -> dict[str, object]:
    """Return what a page and its translation have in common."""
    text = (ROOT / page).read_text()
    plain = _FENCE.sub("", text)
    commands = re.findall(r"^\$ ([^#\n]*[^#\s])", text, re.MULTILINE)
    return {
        "headings": [line.split()[0] for line in re.findall(r"^#.*$", plain, re.MULTILINE)],
        "rows": len(re.findall(r"^\|", plain, re.MULTILINE)),
        "commands": commands,
        "links": sorted(set(_LINK.findall(text)) - {"README.md", "README.pt.md"}),
        "code": sorted(set(re.findall(r"`[^`\n]+`", plain))),
    }


@pytest.mark.parametrize("page", _PAGES, ids=str)
def test_every_link_leads_somewhere(page: Path) -> None:
    for link in _LINK.findall(_FENCE.sub("", (ROOT / page).read_text())):
        name, _, anchor = link.partition("#")
        target = (ROOT / page.parent / name).resolve() if name else ROOT / page
        assert target.exists(), link
        if anchor:
            assert anchor in anchors(target), link


def test_the_portuguese_readme_says_all_that_the_english_one_says() -> None:
    assert shape("README.pt.md") == shape("README.md")
