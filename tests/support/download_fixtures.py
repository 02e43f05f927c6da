"""A nonstandard web server, and the downloader with short waits.

A test module that needs them says ``pytest_plugins = ["tests.support.download_fixtures"]``.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from services.downloader import direct, engine, fragments, transfer
from tests.support.downloads import Downloads
from tests.support.odd_server import OddServer


@pytest.fixture
def odd() -> Iterator[OddServer]:
    """Return a server without files."""
    with OddServer() as server:
        yield server


@pytest.fixture
def download(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Downloads:
    """Return the downloader, with short waits between attempts."""
    monkeypatch.setattr(engine, "_MAX_PAUSE_S", 0.01)
    monkeypatch.setattr(fragments, "_PAUSE_S", 0.01)
    monkeypatch.setattr(transfer, "_PAUSE_S", 0.01)
    monkeypatch.setattr(direct, "_PAUSES_S", (0.01, 0.01))
    return Downloads(tmp_path)
