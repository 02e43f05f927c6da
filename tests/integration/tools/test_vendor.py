"""Packages of npm: fetched as they were pinned, or not at all."""

import base64
import hashlib
import tarfile
from pathlib import Path

import pytest

from tools.vendor_chromium import find_chromium
from tools.vendor_npm import NpmPackage, UnavailableError


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """A package as the registry would send it, and an ``npm`` that sends it."""
    script = tmp_path / "some.js"
    script.write_text("export const one = 1;\n")
    packed = tmp_path / "sent.tgz"
    with tarfile.open(packed, "w:gz") as made:
        made.add(script, "package/some.js")
    npm = tmp_path / "bin" / "npm"
    npm.parent.mkdir()
    npm.write_text(f"#!/bin/sh\n/bin/cp {packed} some-1.0.0.tgz\n")
    npm.chmod(0o755)
    return packed


def test_a_package_with_the_pinned_contents_is_unpacked(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    digest = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    target = tmp_path / "target"
    target.mkdir()
    package = NpmPackage("some", "1.0.0", f"sha512-{digest}").unpack(target)
    assert (package / "some.js").read_text() == "export const one = 1;\n"


@pytest.mark.usefixtures("archive")
def test_a_package_with_other_contents_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    target = tmp_path / "target"
    target.mkdir()
    with pytest.raises(UnavailableError, match="not what was pinned"):
        NpmPackage("some", "1.0.0", "sha512-other").unpack(target)
    assert not (target / "package").exists()


def test_without_a_browser_and_without_npm_the_reason_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UnavailableError, match=r"npm is needed.* apt install chromium"):
        find_chromium(tmp_path / "cache")
