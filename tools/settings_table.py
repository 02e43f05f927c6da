"""Writes docs/reference/settings.md and the .env.example files from the settings classes.

``python -m tools.settings_table``; a test fails if one of them is outdated.
"""

import sys
import textwrap
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings

from orchestrator.domain.pipeline import SERVICES
from orchestrator.settings import CueStyleSettings, ServiceSettings, Settings
from orchestrator.settings.constants import Constants
from services.downloader.settings import DownloaderSettings
from services.kit.settings import ServiceSettings as KitSettings
from services.normalizer.settings import NormalizerSettings
from services.transcriber.settings import TranscriberSettings

_BUNDLED: Final[dict[str, type[BaseSettings]]] = {
    "video-downloader": DownloaderSettings,
    "audio-normalization": NormalizerSettings,
    "audio-transcriber": TranscriberSettings,
}
_ROOT: Final = Path(__file__).parent.parent
PAGE: Final = _ROOT / "docs" / "reference" / "settings.md"
EXAMPLE: Final = _ROOT / ".env.example"
SERVICE_EXAMPLES: Final = {
    _ROOT / "services" / folder / ".env.example": name
    for folder, name in (
        ("downloader", "video-downloader"),
        ("normalizer", "audio-normalization"),
        ("transcriber", "audio-transcriber"),
    )
}
"""The example of each bundled service's .env file, which docker-compose.yml reads."""
_EXAMPLE_HEAD: Final = """\
# Copy to .env and uncomment what you change; every line shows the default.
# Without REDIS_URL, `make run` and `make demo` start their own Redis server.
"""
_SERVICE_EXAMPLE_HEAD: Final = """\
# Copy to .env in this folder to configure the containers of {name}, and
# uncomment what you change. Every line shows the default outside containers; do not change HOST and
# PORT inside containers.
"""
_LINE_CHARS: Final = 98
_HEAD: Final = """\
# Settings

Environment variables, also read from `.env` and `orchestrator/.env` (the environment wins).
`make docs-settings` generates this page from the code.

| variable | default | meaning |
|---|---|---|
"""
# Models of their own, and constants.
_HIDDEN: Final = {"services", "cue_style", *Constants.model_fields}
_SERVICES: Final = """
## Each service

`<SERVICE>` is one of {names}.

| variable | default | meaning |
|---|---|---|
"""


def render() -> str:
    """Return the page."""
    names = ", ".join(f"`{service.variable}`" for service in SERVICES.values())
    fields = [*_fields(Settings), *_fields(CueStyleSettings)]
    rows = [_row(_variable(name, field), field) for name, field in fields]
    own = [
        _row(
            "MAX_INFLIGHT_<SERVICE>" if name == "max_inflight" else f"<SERVICE>_{name.upper()}",
            field,
        )
        for name, field in _fields(ServiceSettings)
    ]
    head = _HEAD + "".join(rows) + _SERVICES.format(names=names) + "".join(own)
    return head + "".join(_bundled())


def _bundled() -> Iterator[str]:
    """Yield the tables of the bundled services: what all share, and what each adds or changes."""
    services = [settings.model_fields for settings in _BUNDLED.values()]
    shared = [
        (name, field)
        for name, field in _fields(KitSettings)
        if all(fields[name].default == field.default for fields in services)
    ]
    yield _table("Each bundled service", shared)
    names = {name for name, _ in shared}
    for service, settings in _BUNDLED.items():
        own = [(name, field) for name, field in _fields(settings) if name not in names]
        yield _table(f"Bundled {service}", own)


def _table(title: str, fields: Iterable[tuple[str, FieldInfo]]) -> str:
    rows = "".join(_row(_variable(name, field), field) for name, field in fields)
    return f"\n## {title}\n\n| variable | default | meaning |\n|---|---|---|\n{rows}"


def render_example() -> str:
    """Return the example of an environment file."""
    settings = [
        _example(_variable(name, field), _plain(field.default), field)
        for name, field in [*_fields(Settings), *_fields(CueStyleSettings)]
    ]
    services = [
        f"# {service.variable}_URL={service.default_url}\n"
        f"# {service.variable}_TIMEOUT={service.default_timeout_s:g}\n"
        f"# MAX_INFLIGHT_{service.variable}=1000\n"
        for service in SERVICES.values()
    ]
    head = "\n# Each service: URL, seconds for one transfer, concurrent jobs\n"
    return _EXAMPLE_HEAD + "".join(settings) + head + "".join(services)


def render_service_example(name: str) -> str:
    """Return the example of a bundled service's environment file."""
    settings = [
        _example(_variable(field_name, field), _plain(field.default), field)
        for field_name, field in _fields(_BUNDLED[name])
    ]
    return _SERVICE_EXAMPLE_HEAD.format(name=name) + "".join(settings)


def _example(variable: str, default: str, field: FieldInfo) -> str:
    text = (field.description or "").replace("`", "")
    lines = textwrap.wrap(text, _LINE_CHARS)
    return "\n" + "".join(f"# {line}\n" for line in lines) + f"# {variable}={default}\n"


def _plain(default: Any) -> str:
    shown = _shown(default).strip("`")
    return "" if shown in {"none", "by service"} else shown


def _fields(settings: type[BaseSettings]) -> list[tuple[str, FieldInfo]]:
    return [(name, field) for name, field in settings.model_fields.items() if name not in _HIDDEN]


def _variable(name: str, field: FieldInfo) -> str:
    alias = field.validation_alias
    return alias if isinstance(alias, str) else name.upper()


def _row(variable: str, field: FieldInfo) -> str:
    return f"| `{variable}` | {_shown(field.default)} | {field.description} |\n"


def _shown(default: Any) -> str:
    if isinstance(default, SecretStr):
        default = default.get_secret_value()
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    if default is None or (isinstance(default, frozenset | tuple | str) and not default):
        return "none"
    return "by service" if repr(default) == "PydanticUndefined" else f"`{default}`"


if __name__ == "__main__":
    PAGE.write_text(render(), encoding="utf-8")
    EXAMPLE.write_text(render_example(), encoding="utf-8")
    for path, service in SERVICE_EXAMPLES.items():
        path.write_text(render_service_example(service), encoding="utf-8")
    sys.stdout.write(f"{PAGE}\n{EXAMPLE}\n")
