"""A service's secrets may be files, as a container is given them."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from services.kit.settings import ServiceSettings


def _settings_with(folder: Path) -> type[ServiceSettings]:
    class Contained(ServiceSettings):
        secrets_dir = folder

    return Contained


def test_a_secret_is_read_from_a_file_and_wins_over_a_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SERVICE_TOKEN", "of the environment")
    (tmp_path / "service_token").write_text("of the file\n")

    assert _settings_with(tmp_path)().service_token == SecretStr("of the file")


def test_without_a_folder_of_secrets_nothing_is_missed(tmp_path: Path) -> None:
    assert _settings_with(tmp_path / "absent")().service_token is None
