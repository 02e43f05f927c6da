"""A container's secrets are files."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from orchestrator.settings import Settings


def _settings_with(folder: Path) -> type[Settings]:
    class Contained(Settings):
        secrets_dir = folder

    return Contained


def test_a_secret_is_read_from_the_file_with_its_variables_name(tmp_path: Path) -> None:
    (tmp_path / "service_token").write_text("of the file\n")

    settings = _settings_with(tmp_path)()

    assert settings.service_token == SecretStr("of the file")


def test_a_secret_wins_over_a_variable_which_may_be_a_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://of.the.environment")
    (tmp_path / "redis_url").write_text("redis://of.the.file")

    settings = _settings_with(tmp_path)()

    assert settings.redis_url.get_secret_value() == "redis://of.the.file"


def test_without_a_folder_of_secrets_nothing_is_missed(tmp_path: Path) -> None:
    settings = _settings_with(tmp_path / "absent")()

    assert settings.service_token is None
