"""The site of docs/: it builds without a warning, and loads nothing from elsewhere."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[3]
# What a browser fetches by itself; a link that a reader may click is none of it.
_FETCHED = re.compile(
    r"<(?!a\b)\w+[^>]*?\s(?:src|href|srcset|action|poster|data)=[\"']?(?:https?:)?//[^\"'\s>]+"
)


def build(source: Path, site: Path) -> subprocess.CompletedProcess[str]:
    files = ["--config-file", str(source / "mkdocs.yml"), "--site-dir", str(site)]
    return subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", *files],
        cwd=_ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        check=False,
        capture_output=True,
        text=True,
    )


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("site")
    built = build(_ROOT, directory)
    assert built.returncode == 0, built.stdout + built.stderr
    return directory


def test_no_page_loads_anything_from_elsewhere(site: Path) -> None:
    pages = list(site.rglob("*.html"))
    assert len(pages) > 25
    assert not [found[0] for page in pages for found in _FETCHED.finditer(page.read_text())]
    styles = "".join(style.read_text() for style in site.rglob("*.css"))
    assert not re.findall(r"url\([\"']?(?:https?:)?//", styles)


def test_the_reference_of_the_api_is_that_of_its_routes(site: Path) -> None:
    page = (site / "reference" / "api.html").read_text()
    for text in ("POST /pipeline", "GET /jobs/{job_id}", "Idempotency-Key", "transcription_text"):
        assert text in page


def test_the_first_page_is_the_readme_and_there_is_a_portuguese_one(site: Path) -> None:
    assert "Quick start" in (site / "index.html").read_text()
    assert "Início rápido" in (site / "pt.html").read_text()


def test_links_that_lead_nowhere_fail_the_build(tmp_path: Path) -> None:
    shutil.copytree(_ROOT / "docs", tmp_path / "docs")
    settings = (_ROOT / "mkdocs.yml").read_text()
    (tmp_path / "mkdocs.yml").write_text(settings.replace("tools/", f"{_ROOT}/tools/"))
    links = ["nowhere.md", "settings.md#nowhere", "../how-to/upgrade.html"]
    with (tmp_path / "docs" / "reference" / "glossary.md").open("a") as page:
        page.writelines(f"\n[There]({link})\n" for link in links)
    built = build(tmp_path, tmp_path / "site")
    assert built.returncode != 0
    assert [link for link in links if link in built.stderr] == links
