"""A nonstandard web server, and the downloader with short waits.

A test module that needs them says ``pytest_plugins = ["tests.support.download_fixtures"]``.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.downloads import Downloads
from tests.support.odd_server import OddServer


@pytest.fixture
def odd() -> Iterator[OddServer]:
    """Return a server without files."""
    with OddServer() as server:
        yield server


@pytest.fixture
def download(tmp_path: Path) -> Downloads:
    """Return the downloader, with short pauses between attempts."""
    return Downloads(tmp_path)
