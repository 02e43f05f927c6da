"""Every variable is read by its name, checked, and kept to itself where it is secret."""

import re
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from orchestrator.errors import SettingsError
from orchestrator.settings import CueStyleSettings, ServiceSettings, Settings, load_settings
from orchestrator.settings.constants import RETIRED, Constants

# Every variable of the public contract, a value that is not its default, and where it ends up.
SEED = {
    "REDIS_URL": ("redis://cache.test:6380/1", "redis_url"),
    "HOST": ("127.0.0.1", "host"),
    "PORT": ("9000", "port"),
    "WORKERS": ("2", "workers"),
    "POLL_INTERVAL": ("5", "poll_interval"),
    "MAX_POLL_ATTEMPTS": ("1200", "max_poll_attempts"),
    "HTTP_MAX_RETRIES": ("7", "http_max_retries"),
    "RETRY_BACKOFF_BASE_SECONDS": ("2.5", "retry_backoff_base_s"),
    "CACHE_TTL_HOURS": ("48", "cache_ttl_hours"),
    "JOB_TIMEOUT_MINUTES": ("90", "job_timeout_minutes"),
    "VIDEO_DOWNLOADER_URL": ("http://video.test:1", "services.video-downloader.url"),
    "AUDIO_NORMALIZATION_URL": ("http://audio.test:2", "services.audio-normalization.url"),
    "AUDIO_TRANSCRIBER_URL": ("https://text.test:3", "services.audio-transcriber.url"),
    "VIDEO_DOWNLOADER_TIMEOUT": ("301", "services.video-downloader.timeout"),
    "AUDIO_NORMALIZATION_TIMEOUT": ("181", "services.audio-normalization.timeout"),
    "AUDIO_TRANSCRIBER_TIMEOUT": ("1200", "services.audio-transcriber.timeout"),
    "DEFAULT_LANGUAGE": ("pt", "default_language"),
    "DEFAULT_REMOVE_NOISE": ("false", "default_remove_noise"),
    "DEFAULT_CONVERT_MONO": ("false", "default_convert_mono"),
    "DEFAULT_SAMPLE_RATE_16K": ("false", "default_sample_rate_16k"),
}
DEFAULTS = [
    "REDIS_URL=redis://localhost:6379/0",
    "HOST=0.0.0.0",
    "PORT=8000",
    "WORKERS=4",
    "POLL_INTERVAL=3",
    "MAX_POLL_ATTEMPTS=600",
    "HTTP_MAX_RETRIES=3",
    "RETRY_BACKOFF_BASE_SECONDS=1.5",
    "CACHE_TTL_HOURS=24",
    "JOB_TIMEOUT_MINUTES=60",
    "VIDEO_DOWNLOADER_URL=http://localhost:8001",
    "AUDIO_NORMALIZATION_URL=http://localhost:8002",
    "AUDIO_TRANSCRIBER_URL=http://localhost:8003",
    "VIDEO_DOWNLOADER_TIMEOUT=300",
    "AUDIO_NORMALIZATION_TIMEOUT=180",
    "AUDIO_TRANSCRIBER_TIMEOUT=600",
    "DEFAULT_LANGUAGE=auto",
    "DEFAULT_REMOVE_NOISE=True",
    "DEFAULT_CONVERT_MONO=True",
    "DEFAULT_SAMPLE_RATE_16K=True",
]
OTHERS = {
    "ENVIRONMENT": ("production", "environment"),
    "CELERY_BROKER_URL": ("amqp://queue.test", "celery_broker_url"),
    "WORKER_CONCURRENCY": ("17", "worker_concurrency"),
    "TURN_SECONDS": ("30", "turn_s"),
    "POLL_WAIT_SECONDS": ("0", "poll_wait_s"),
    "STAGE_MAX_ATTEMPTS": ("9", "stage_max_attempts"),
    "BREAKER_OPEN_SECONDS": ("11", "breaker_open_s"),
    "CACHE_SHARED": ("true", "cache_shared"),
    "MAX_WAIT_HOURS": ("3", "max_wait_hours"),
    "SHUTDOWN_TRANSFER_SECONDS": ("12", "shutdown_transfer_s"),
    "REDIS_TIMEOUT_SECONDS": ("1.5", "redis_timeout_s"),
    "RATE_LIMIT_SUBMIT": ("5 per second", "rate_limit_submit"),
    "RATE_LIMIT_READ": ("none", "rate_limit_read"),
    "MAX_QUEUED_JOBS": ("18", "max_queued_jobs"),
    "TRUSTED_PROXIES": ("1", "trusted_proxies"),
    "LOG_DIR": ("elsewhere", "log_dir"),
    "LOG_LEVEL": ("DEBUG", "log_level"),
    "LOG_MAX_BYTES": ("1000", "log_max_bytes"),
    "MAX_INFLIGHT_VIDEO_DOWNLOADER": ("11", "services.video-downloader.max_inflight"),
    "MAX_INFLIGHT_AUDIO_NORMALIZATION": ("12", "services.audio-normalization.max_inflight"),
    "MAX_INFLIGHT_AUDIO_TRANSCRIBER": ("13", "services.audio-transcriber.max_inflight"),
    "FLOWER_URL": ("http://localhost:5555", "flower_url"),
    "FLOWER_PORT": ("5556", "flower_port"),
    "FLOWER_BASIC_AUTH": ("ann:secret", "flower_basic_auth"),
    "ALIVE_FILE": ("/run/alive", "alive_file"),
    "METRICS_TOKEN": ("token", "metrics_token"),
    "WORKER_METRICS_PORT": ("9100", "worker_metrics_port"),
    "TASK_EVENTS": ("true", "task_events"),
    "LOG_FORMAT": ("json", "log_format"),
    "OTEL_EXPORTER_OTLP_ENDPOINT": ("http://traces.test", "otel_exporter_otlp_endpoint"),
    "RATE_LIMIT_WRONG_KEYS": ("3 per minute", "rate_limit_wrong_keys"),
    "MAX_BATCH_ITEMS": ("7", "max_batch_items"),
    "REDIS_MAX_CONNECTIONS": ("9", "redis_max_connections"),
    "SERVICE_TOKEN": ("token", "service_token"),
    "FACTORY_RESET_CONFIRM": ("true", "factory_reset_confirm"),
    "WEBHOOK_SECRET": ("whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3", "webhook_secret"),
    "WEBHOOK_BACKOFF_BASE_SECONDS": ("2", "webhook_backoff_base_s"),
    "MAX_FILE_SIZE_MB": ("16", "max_file_size_mb"),
    "UPLOADS_DIR": ("/srv/uploads", "uploads_dir"),
    "ALLOW_PRIVATE_ADDRESSES": ("true", "allow_private_addresses"),
    "CAPTION_MAX_LINE_CHARS": ("37", "cue_style.max_line_chars"),
    "CAPTION_MAX_LINES": ("1", "cue_style.max_lines"),
    "CAPTION_MAX_CHARS_PER_S": ("17", "cue_style.max_chars_per_s"),
}
OF_SEVERAL_VALUES = {"ALLOWED_SOURCES", "API_KEYS", "CORS_ORIGINS"}
"""Read by name in tests of their own."""
WRONG = {
    "REDIS_URL": "cache.test:6379",
    "CELERY_BROKER_URL": "queue.test:5672",
    "PORT": "65536",
    "WORKERS": "0",
    "POLL_INTERVAL": "-1",
    "MAX_POLL_ATTEMPTS": "1.5",
    "HTTP_MAX_RETRIES": "-1",
    "RETRY_BACKOFF_BASE_SECONDS": "quick",
    "JOB_TIMEOUT_MINUTES": "an hour",
    "CACHE_TTL_HOURS": "0",
    "VIDEO_DOWNLOADER_URL": "localhost:8001",
    "AUDIO_TRANSCRIBER_TIMEOUT": "soon",
    "MAX_INFLIGHT_AUDIO_NORMALIZATION": "0",
    "DEFAULT_LANGUAGE": "english",
    "DEFAULT_REMOVE_NOISE": "maybe",
    "API_KEYS": "a key in clear",
    "MAX_QUEUED_JOBS": "0",
    "TRUSTED_PROXIES": "-1",
    "FLOWER_URL": "javascript:alert(1)",
    "LOG_LEVEL": "LOUD",
    "ENVIRONMENT": "staging",
    "TURN_SECONDS": "0",
}


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in SEED | OTHERS | {"ALLOWED_SOURCES": ""}:
        monkeypatch.delenv(name, raising=False)


def load(*env_files: Path) -> Settings:
    return load_settings(env_files=tuple(map(str, env_files)))


def find(settings: Settings, where: str) -> str:
    """Return a setting as an environment variable would spell it."""
    value: object = settings
    for name in where.split("."):
        value = value[name] if isinstance(value, dict) else getattr(value, name)
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    return f"{value:g}" if isinstance(value, float) else str(value)


def test_the_defaults_are_those_of_the_public_contract() -> None:
    settings = load()
    assert [f"{name}={find(settings, where)}" for name, (_, where) in SEED.items()] == DEFAULTS


@pytest.mark.parametrize("name", SEED | OTHERS)
def test_a_variable_is_read_by_its_name(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    value, where = (SEED | OTHERS)[name]
    assert find(load(), where).lower() != value
    monkeypatch.setenv(name, value)
    assert find(load(), where) in {value, value.capitalize()}


def test_every_variable_is_read_in_a_test() -> None:
    variables = {
        field.validation_alias or name.upper()
        for name, field in Settings.model_fields.items()
        if name not in {*Constants.model_fields, "cue_style", "services"}
    }
    captions = {f"CAPTION_{name.upper()}" for name in CueStyleSettings.model_fields}
    assert variables | captions <= SEED.keys() | OTHERS.keys() | OF_SEVERAL_VALUES


@pytest.mark.parametrize("name", WRONG)
def test_a_value_that_cannot_be_is_refused_and_its_variable_named(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, WRONG[name])
    with pytest.raises(SettingsError, match=rf"(^|[ :]){name}: "):
        load()


def test_several_wrong_values_are_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "none")
    monkeypatch.setenv("WORKERS", "none")
    with pytest.raises(SettingsError, match=r"PORT: .*; WORKERS: "):
        load()


def test_a_variable_that_is_set_to_nothing_counts_as_not_set(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PORT", "")
    monkeypatch.setenv("AUDIO_TRANSCRIBER_URL", "")
    settings = load()
    assert settings.port == 8000
    assert settings.services["audio-transcriber"].url == "http://localhost:8003"


def test_a_file_is_read_also_for_the_services(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("POLL_INTERVAL=7  # seconds\nAUDIO_TRANSCRIBER_TIMEOUT=1200\nUNKNOWN=1\n")
    settings = load(file)
    assert settings.poll_interval == 7
    assert settings.services["audio-transcriber"].timeout == 1200


def test_the_environment_wins_over_the_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / ".env"
    file.write_text("PORT=9001\n")
    monkeypatch.setenv("PORT", "9002")
    assert load(file).port == 9002


def test_a_later_file_wins_over_an_earlier_one(tmp_path: Path) -> None:
    files = tmp_path / "first", tmp_path / "second"
    files[0].write_text("PORT=9001\nWORKERS=2\n")
    files[1].write_text("PORT=9002\n")
    settings = load(*files)
    assert (settings.port, settings.workers) == (9002, 2)


def test_a_file_that_does_not_exist_is_as_good_as_an_empty_one(tmp_path: Path) -> None:
    assert load(tmp_path / "none").port == 8000


def test_a_wrong_value_in_a_file_is_named_too(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("MAX_POLL_ATTEMPTS=many\n")
    with pytest.raises(SettingsError, match="MAX_POLL_ATTEMPTS: "):
        load(file)


def test_overrides_win_over_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "9002")
    assert load_settings(env_files=(), port=9003).port == 9003


def test_secrets_are_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://:hunter2@cache.test/0")
    monkeypatch.setenv("CELERY_BROKER_URL", "amqp://user:hunter2@queue.test")
    settings = load()
    assert "hunter2" not in repr(settings) + str(settings) + settings.model_dump_json()
    assert settings.redis_url.get_secret_value() == "redis://:hunter2@cache.test/0"


def test_a_secret_that_is_refused_is_not_shown_either(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", "http://:hunter2@cache.test/0")
    with pytest.raises(SettingsError) as caught:
        load()
    assert "hunter2" not in f"{caught.value} {caught.value.__cause__}"


def test_settings_do_not_change() -> None:
    settings = load()
    with pytest.raises(ValidationError, match="frozen"):
        settings.port = 1  # type: ignore[misc]  # what is tested


def test_allowed_sources_are_names_between_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load().allowed_sources == frozenset()
    monkeypatch.setenv("ALLOWED_SOURCES", " Video.test , 127.0.0.1,, ")
    assert load().allowed_sources == {"video.test", "127.0.0.1"}


def test_the_address_of_a_service_has_no_slash_at_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUDIO_TRANSCRIBER_URL", "http://text.test/v1/")
    assert load().services["audio-transcriber"].url == "http://text.test/v1"


def test_a_level_and_a_language_may_be_in_any_letter_case(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOG_LEVEL", "debug")
    monkeypatch.setenv("DEFAULT_LANGUAGE", "PT")
    settings = load()
    assert (settings.log_level, settings.default_language) == ("DEBUG", "pt")


def test_the_limits_are_computed_in_seconds() -> None:
    settings = load()
    assert settings.stage_limit_s == 1800
    assert settings.job_limit_s == 3600
    assert settings.retention_s == 86400


@pytest.mark.parametrize("model", [Settings, ServiceSettings])
def test_every_setting_is_described(model: type[Settings] | type[ServiceSettings]) -> None:
    undescribed = {name for name, field in model.model_fields.items() if not field.description}
    assert undescribed <= set(Constants.model_fields)


@pytest.mark.parametrize("name", ["HEALTH_TIMEOUT_S", "health_timeout_s", "WAIT_MAX_S"])
def test_no_variable_sets_a_constant(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    file = tmp_path / ".env"
    file.write_text(f"{name}=99\n")
    monkeypatch.setenv(name, "99")
    settings = load(file)
    assert (settings.health_timeout_s, settings.wait_max_s) == (1.5, 60)


@pytest.mark.parametrize("name", [*RETIRED, "health_timeout_seconds"])
def test_a_variable_that_is_gone_is_refused_with_what_to_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    advice = re.escape(f"{name.upper()}: {RETIRED[name.upper()]}")
    file = tmp_path / ".env"
    file.write_text(f"{name}=1\n")
    with pytest.raises(SettingsError, match=advice):
        load(file)
    monkeypatch.setenv(name, "1")
    with pytest.raises(SettingsError, match=advice):
        load()


def test_the_example_file_shows_the_defaults_of_the_contract() -> None:
    example = Path(__file__).parents[4] / ".env.example"
    shown = dict(re.findall(r"^# ([A-Z0-9_]+)=(\S*)", example.read_text(), re.MULTILINE))
    settings = load()
    for name, (_, where) in SEED.items():
        assert shown[name] == find(settings, where).replace("True", "true")
