"""The URLs of a service's instances."""

import traceback

import pytest

from orchestrator.errors import SettingsError
from orchestrator.settings import ServiceSettings, load_settings


def test_a_list_of_urls_is_a_list_of_instances(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUDIO_TRANSCRIBER_URL", "http://a.test/, http://b.test,http://a.test")
    service = load_settings(env_files=()).services["audio-transcriber"]
    assert service.urls == ("http://a.test", "http://b.test")


@pytest.mark.parametrize("url", ["", ",", "http://a.test,b.test"])
def test_every_entry_of_the_list_must_be_a_url(url: str) -> None:
    with pytest.raises(ValueError, match="must start with http"):
        ServiceSettings(url=url, timeout=1)


def test_an_instance_is_called_with_its_login_and_named_without() -> None:
    service = ServiceSettings(url="http://user:secret@a.test:1/v1,http://b.test", timeout=1)
    assert service.urls == ("http://a.test:1/v1", "http://b.test")
    assert service.with_logins["http://a.test:1/v1"] == "http://user:secret@a.test:1/v1"


@pytest.mark.parametrize(
    "url",
    ["http://user:hun/ter2@a.test", "http://user:80/hunter2@a.test", "http://user:hun#ter2@a.test",
     "http://user:hun?ter2@a.test", "http://user:hun\\ter2@a.test", "http://user:hunter2@[::1",
     "http://user:hunter2@a.test:99999", "http://user:hunter2@", "http://a.test?key=hunter2"],
)  # fmt: skip
def test_an_invalid_url_is_refused_and_not_shown(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("AUDIO_TRANSCRIBER_URL", f"http://b.test,{url}")
    with pytest.raises(SettingsError, match=r"AUDIO_TRANSCRIBER_URL: .*host:port") as caught:
        load_settings(env_files=())
    shown = "".join(traceback.format_exception(caught.value))
    assert "hun" not in shown


def test_a_login_is_not_in_the_repr_of_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUDIO_TRANSCRIBER_URL", "http://user:p%2Fw%40@[::1]:80/v1")
    settings = load_settings(env_files=())
    assert settings.services["audio-transcriber"].urls == ("http://[::1]:80/v1",)
    assert "user" not in repr(settings.services)
