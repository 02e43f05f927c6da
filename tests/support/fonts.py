"""Fonts of the tests' browser: downloaded with pip, pinned by SHA-256.

A page has to fit with any font. So the layout is tested with each of three families as the only
one that the browser finds: DejaVu (Debian's default, and wide), Liberation (as wide as Arial) and
Noto. Monospaced text is DejaVu Sans Mono throughout; common monospaced fonts are equally wide.
"""

import contextlib
import hashlib
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from services.weights.wheels import Wheel, fetch_wheel
from tests.support.project import ROOT

__all__ = ["Font", "font_environment"]

_CACHE: Final = ROOT / "var"


class Font(StrEnum):
    """The font family for all text."""

    DEJAVU = "DejaVu Sans"
    LIBERATION = "Liberation Sans"
    NOTO = "Noto Sans"


@dataclass(frozen=True)
class _Package:
    """A wheel that is downloaded as an archive of fonts."""

    wheel: Wheel
    files: tuple[str, ...]


_MONOSPACED: Final = "DejaVu Sans Mono"
_PACKAGES: Final[Mapping[str, _Package]] = {
    Font.DEJAVU: _Package(
        Wheel(
            "rinoh-typeface-dejavusans",
            "0.1.0",
            "33969baf201b9249979f4e923e973d48de2bb6e049ffaf0714ddd57d82f647b4",
        ),
        ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf", "DejaVuSans-Oblique.ttf"),
    ),
    # A package for another purpose, with the files by which PDF.js draws Arial.
    Font.LIBERATION: _Package(
        Wheel(
            "pdfjs-viewer-pyside6",
            "1.4.0",
            "95053c7f39a2681881810214d7332f079ac19bbfc16c521be697bf2f0450baba",
        ),
        ("LiberationSans-Regular.ttf", "LiberationSans-Bold.ttf", "LiberationSans-Italic.ttf"),
    ),
    Font.NOTO: _Package(
        Wheel(
            "fontpkg-noto-sans",
            "2.15",
            "54016cb4dfbfdd8f0cae3d71a9401a73e786a473debd12f1d79067e349c9a4a3",
        ),
        ("NotoSans[wdth,wght].ttf", "NotoSans-Italic[wdth,wght].ttf"),
    ),
    _MONOSPACED: _Package(
        Wheel(
            "rinoh-typeface-dejavusansmono",
            "0.1.0",
            "72dcb91a09f1eec0178d4753a127d3c32f3ea4ddea9084a5bdee059dffb75b3e",
        ),
        ("DejaVuSansMono.ttf", "DejaVuSansMono-Bold.ttf"),
    ),
}
# Whatever a page asks for is the family, but monospaced text; Chromium asks for no family at all
# where a page names `system-ui`.
_CONFIGURATION: Final = """\
<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig>
  <dir>{fonts}</dir>
  <dir>{monospaced_fonts}</dir>
  <cachedir>{cache}</cachedir>
  <match target="pattern">
    <test name="family" qual="any"><string>monospace</string></test>
    <edit name="family" mode="assign" binding="strong"><string>{monospaced}</string></edit>
  </match>
  <match target="pattern">
    <test name="family" qual="all" compare="not_eq"><string>{monospaced}</string></test>
    <edit name="family" mode="assign" binding="strong"><string>{family}</string></edit>
  </match>
</fontconfig>
"""


def font_environment(font: Font, cache: Path = _CACHE) -> dict[str, str]:
    """Return a browser's environment in which only one font family is installed.

    Args:
        font: The family.
        cache: Where the files are kept; from the second time on, they are there already.

    Raises:
        ModelFileError: pip cannot fetch a package, or it is not the one that was looked at.
    """
    home = cache.resolve() / f"fonts-{_fingerprint()}"
    if not home.exists():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as directory:
            draft = Path(directory) / "fonts"
            _unpack_all(draft, home)
            with contextlib.suppress(OSError):  # another process was faster
                draft.rename(home)
    return {"FONTCONFIG_FILE": str(home / f"{font}.conf")}


def _fingerprint() -> str:
    """Return a name for these packages, so that changed pins are downloaded again."""
    pins = "".join(package.wheel.sha256 for package in _PACKAGES.values())
    return hashlib.sha256((pins + _CONFIGURATION).encode()).hexdigest()[:12]


def _unpack_all(draft: Path, home: Path) -> None:
    for family, package in _PACKAGES.items():
        _unpack(package, draft / family)
    for font in Font:
        configuration = _CONFIGURATION.format(
            family=font,
            fonts=home / font,
            monospaced=_MONOSPACED,
            monospaced_fonts=home / _MONOSPACED,
            cache=home / "cache",
        )
        (draft / f"{font}.conf").write_text(configuration, encoding="utf-8")


def _unpack(package: _Package, folder: Path) -> None:
    folder.mkdir(parents=True)
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        wheel = fetch_wheel(package.wheel, Path(scratch))
        with zipfile.ZipFile(wheel) as opened:
            for name in opened.namelist():
                if (file := name.rpartition("/")[2]) in package.files:
                    (folder / file).write_bytes(opened.read(name))
    missing = set(package.files) - {path.name for path in folder.iterdir()}
    if missing:
        raise FileNotFoundError(f"{package.wheel.name} lacks {', '.join(sorted(missing))}")
