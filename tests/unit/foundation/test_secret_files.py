"""Settings are read from secret files, which override variables."""

from pathlib import Path
from typing import cast

import pytest
from pydantic import SecretStr

from foundation.secret_files import SecretFileSettings
from orchestrator.settings import Settings
from services.kit.settings import ServiceSettings


class _Token(SecretFileSettings):
    service_token: SecretStr | None = None


def _settings_with(
    folder: Path, base: type[SecretFileSettings] = _Token
) -> type[SecretFileSettings]:
    members = {"secrets_dir": folder, "__module__": __name__}
    return cast("type[SecretFileSettings]", type("Contained", (base,), members))


def _token(settings: type[SecretFileSettings]) -> object:
    return settings().model_dump()["service_token"]


def test_a_secret_is_read_from_the_file_named_like_its_setting(tmp_path: Path) -> None:
    (tmp_path / "service_token").write_text("of the file\n")
    assert _token(_settings_with(tmp_path)) == SecretStr("of the file")


def test_a_secret_file_overrides_a_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SERVICE_TOKEN", "of the environment")
    (tmp_path / "service_token").write_text("of the file\n")
    assert _token(_settings_with(tmp_path)) == SecretStr("of the file")


def test_without_a_secrets_folder_the_variable_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SERVICE_TOKEN", "of the environment")
    assert _token(_settings_with(tmp_path / "absent")) == SecretStr("of the environment")


@pytest.mark.parametrize("settings", [Settings, ServiceSettings])
def test_orchestrator_and_services_read_secret_files(
    settings: type[SecretFileSettings], tmp_path: Path
) -> None:
    (tmp_path / "service_token").write_text("of the file\n")
    assert _token(_settings_with(tmp_path, settings)) == SecretStr("of the file")
