"""A hook of mkdocs for ``make docs``: adds the README, the API reference and diagrams to docs/.

Links outside docs/ point to the source repository. The site loads no external resources.
"""

import logging
import posixpath
import re
import subprocess
import sys
from pathlib import Path
from typing import Final

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from tools.vendor_npm import NpmPackage, UnavailableError

__all__ = ["on_config", "on_files", "on_page_markdown"]

_ROOT: Final = Path(__file__).resolve().parent.parent
_SOURCE: Final = "https://github.com/ytcaption/orchestrator/blob/main"
_LINK: Final = re.compile(r"(\]\()(?!https?:|mailto:|#)([^)\s#]+)")
_MERMAID: Final = NpmPackage(
    "mermaid",
    "11.4.1",
    "sha512-Mb01JT/x6CKDWaxigwfZYuYmDZ6xtrNwNlidKZwkSrDaY9n90tdrJTV5Umk+wP1fZscGptmKFXHsXMDEVZ+Q6A==",
)
_DIAGRAMS: Final = "javascripts/mermaid.min.js"
_log: Final = logging.getLogger("mkdocs.hooks.docs_site")


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Load the diagram script before the theme, which would load it from a CDN."""
    if _diagrams() is None:
        fences = config.mdx_configs["pymdownx.superfences"]
        fences["custom_fences"] = []
    else:
        config.extra_javascript.append(_DIAGRAMS)
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages from outside docs/."""
    for name, source in (("index.md", "README.md"), ("pt.md", "README.pt.md")):
        text = (_ROOT / source).read_text(encoding="utf-8")
        files.append(File.generated(config, name, content=_moved(text)))
    files.append(File.generated(config, "reference/api.md", content=_api_reference()))
    if script := _diagrams():
        files.append(File.generated(config, _DIAGRAMS, abs_src_path=str(script)))
    return files


def on_page_markdown(markdown: str, page: Page, **_: object) -> str:
    """Point links outside docs/ to the source repository."""
    folder = posixpath.dirname(page.file.src_uri)

    def lead(found: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join("docs", folder, found[2]))
        outside = not target.startswith("docs/")
        return f"{found[1]}{_SOURCE}/{target}" if outside else found[0]

    return _LINK.sub(lead, markdown)


def _moved(markdown: str) -> str:
    """Return a page of the main folder with its links relative to docs/."""

    def lead(found: re.Match[str]) -> str:
        inside = found[2].startswith("docs/")
        return found[1] + (found[2].removeprefix("docs/") if inside else f"../{found[2]}")

    return (
        _LINK.sub(lead, markdown)
        .replace("](../README.pt.md", "](pt.md")
        .replace("](../README.md", "](index.md")
    )


def _api_reference() -> str:
    # In a separate process, because the API and mkdocs both configure logging.
    command = [sys.executable, "-m", "tools.api_reference"]
    return subprocess.run(command, cwd=_ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout


def _diagrams() -> Path | None:
    """Return the diagram script, or ``None`` without npm."""
    folder = _ROOT / "var" / f"mermaid-{_MERMAID.version}"
    script = folder / "package" / "dist" / "mermaid.min.js"
    if not script.exists():
        folder.mkdir(parents=True, exist_ok=True)
        try:
            _MERMAID.unpack(folder)
        except UnavailableError as error:
            _log.info("Diagrams are shown as text: %s", error)
            return None
    return script
