"""Each service has its own settings and the project's version."""

import tomllib
from pathlib import Path

import pytest

from services.downloader.settings import DownloaderSettings
from services.kit.service import VERSION
from services.kit.settings import ServiceSettings
from services.normalizer.settings import NormalizerSettings
from services.transcriber.settings import TranscriberSettings

ROOT = Path(__file__).resolve().parents[4]


def test_the_version_is_the_projects() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["version"] == VERSION


@pytest.mark.parametrize(
    ("settings", "port", "folder"),
    [
        (DownloaderSettings, 8001, "downloader"),
        (NormalizerSettings, 8002, "normalizer"),
        (TranscriberSettings, 8003, "transcriber"),
    ],
)
def test_each_service_has_a_port_and_a_folder_of_its_own(
    settings: type[ServiceSettings], port: int, folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PORT", "ARTIFACTS_DIR"):
        monkeypatch.delenv(name, raising=False)
    assert settings().port == port
    assert settings().artifacts_dir == Path("var/artifacts") / folder


def test_settings_show_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://:hidden@localhost:6379/0")
    monkeypatch.setenv("SERVICE_TOKEN", "hidden")
    assert "hidden" not in repr(ServiceSettings())


def test_limits_are_converted_to_bytes_and_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAX_FILE_SIZE_MB", "3")
    monkeypatch.setenv("CACHE_TTL_HOURS", "0.5")
    settings = ServiceSettings()
    assert settings.max_file_bytes == 3 * 1024 * 1024
    assert settings.cache_ttl_s == 1800
