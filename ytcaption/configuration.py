"""Which API to talk to, and with which key: from the environment or a file."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from ytcaption.client import DEFAULT_URL
from ytcaption.errors import UsageError

__all__ = ["Configuration", "load_configuration"]

_NAMES: Final = frozenset({"url", "api_key"})
_OTHERS: Final = 0o077


@dataclass(frozen=True)
class Configuration:
    """Which API to talk to."""

    url: str
    api_key: str | None = field(default=None, repr=False)
    warning: str | None = None
    """What a person should know of it."""


def load_configuration(
    environment: Mapping[str, str], *, url: str | None = None, path: Path | None = None
) -> Configuration:
    """Return what is configured; what is nearer to the caller wins.

    The address is ``url``, else ``YTCAPTION_URL``, else that of the file, else one's own machine.
    The key is ``YTCAPTION_API_KEY``, else that of the file, which is sent nowhere but to the
    address of the file.

    Args:
        environment: The environment variables.
        url: An address that the caller names.
        path: The file; else ``YTCAPTION_CONFIG``, else ``ytcaption/config.toml`` under
            ``XDG_CONFIG_HOME``, which is ``~/.config``. Only the last need not exist.

    Raises:
        UsageError: The file is not there or not right.
    """
    named = path or _path_in(environment, "YTCAPTION_CONFIG")
    where = named or _folder(environment) / "ytcaption" / "config.toml"
    kept = _read(where) if named or where.is_file() else {}
    kept_url = kept.get("url", DEFAULT_URL)
    chosen_url = url or environment.get("YTCAPTION_URL") or kept_url
    api_key = environment.get("YTCAPTION_API_KEY")
    if not api_key and chosen_url.rstrip("/") == kept_url.rstrip("/"):
        api_key = kept.get("api_key")
    is_open = "api_key" in kept and where.stat().st_mode & _OTHERS
    warning = f"Others may read your API key: chmod 600 {where}" if is_open else None
    return Configuration(chosen_url, (api_key or "").strip() or None, warning)


def _read(path: Path) -> dict[str, str]:
    try:
        kept = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error
    except ValueError as error:
        raise UsageError(f"{path} is not TOML: {error}") from error
    if unknown := sorted(kept.keys() - _NAMES):
        raise UsageError(f"{path}: {unknown[0]!r} is not a setting; there are url and api_key")
    if wrong := [name for name, value in kept.items() if not isinstance(value, str)]:
        raise UsageError(f"{path}: {wrong[0]} must be a text")
    return kept


def _folder(environment: Mapping[str, str]) -> Path:
    return _path_in(environment, "XDG_CONFIG_HOME") or Path.home() / ".config"


def _path_in(environment: Mapping[str, str], name: str) -> Path | None:
    return Path(environment[name]).expanduser() if environment.get(name) else None
