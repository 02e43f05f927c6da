"""Packages of npm: fetched as they were pinned, or not at all."""

import base64
import hashlib
import tarfile
from pathlib import Path

import pytest

from tools.archives import unpack_tar
from tools.vendor_chromium import choose_chromium
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
    with pytest.raises(UnavailableError, match="does not have the pinned digest"):
        NpmPackage("some", "1.0.0", "sha512-other").unpack(target)
    assert not (target / "package").exists()


def test_tests_use_the_vendored_browser_even_where_one_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install_browser(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))  # without npm
    monkeypatch.setenv("PIP_NO_INDEX", "1")  # nor anywhere to have it from
    with pytest.raises(UnavailableError, match=r"(?s)npm is required.* TEST_BROWSER=installed"):
        choose_chromium({"PATH": str(tmp_path)}, tmp_path / "cache")


def test_the_installed_browser_is_used_where_that_is_asked_for(tmp_path: Path) -> None:
    asked = {"TEST_BROWSER": "installed", "PATH": str(tmp_path)}
    with pytest.raises(UnavailableError, match="apt install chromium"):
        choose_chromium(asked)
    browser = install_browser(tmp_path)
    chosen = choose_chromium(asked)
    assert chosen.path == browser
    assert chosen.description == f"installed, {browser}"


def test_a_choice_that_does_not_exist_is_refused() -> None:
    with pytest.raises(UnavailableError, match=r"must be vendored or installed \(got 'any'\)"):
        choose_chromium({"TEST_BROWSER": "any"})


def install_browser(directory: Path) -> Path:
    """Put something on a PATH that looks like a browser."""
    browser = directory / "chromium"
    browser.touch(mode=0o755)
    return browser


def test_an_archive_is_unpacked_by_a_python_without_filters(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Debian 12 has Python 3.11.2, whose ``extractall`` takes no ``filter``."""

    def extractall(self: tarfile.TarFile, path: Path) -> None:
        for member in self.getmembers():
            (path / member.name).parent.mkdir(parents=True, exist_ok=True)
            self.makefile(member, str(path / member.name))

    monkeypatch.delattr(tarfile, "data_filter", raising=False)
    monkeypatch.setattr(tarfile.TarFile, "extractall", extractall)
    unpack_tar(archive, tmp_path / "target")
    assert (tmp_path / "target/package/some.js").read_text() == "export const one = 1;\n"
