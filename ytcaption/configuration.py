"""The API's URL and key, from the environment or a configuration file."""

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
    """The URL and key of the API."""

    url: str
    api_key: str | None = field(default=None, repr=False)
    warning: str | None = None
    """A warning about the configuration, if any."""


def load_configuration(
    environment: Mapping[str, str], *, url: str | None = None, path: Path | None = None
) -> Configuration:
    """Load the configuration; arguments override the environment, which overrides the file.

    The URL is ``url``, ``YTCAPTION_URL``, the file's, or that of a local API. The key is
    ``YTCAPTION_API_KEY`` or the file's, which is sent to the file's URL only.

    Args:
        environment: The environment variables.
        url: The URL, if the caller sets it.
        path: The file; by default ``YTCAPTION_CONFIG`` or ``ytcaption/config.toml`` under
            ``XDG_CONFIG_HOME`` (``~/.config``). Only the last may be missing.

    Raises:
        UsageError: The file is missing or invalid.
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
    warning = f"Other users can read your API key; run: chmod 600 {where}" if is_open else None
    return Configuration(chosen_url, (api_key or "").strip() or None, warning)


def _read(path: Path) -> dict[str, str]:
    try:
        kept = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error
    except ValueError as error:
        raise UsageError(f"{path} is not valid TOML: {error}") from error
    if unknown := sorted(kept.keys() - _NAMES):
        raise UsageError(f"{path}: unknown setting {unknown[0]!r}; use url or api_key")
    if wrong := [name for name, value in kept.items() if not isinstance(value, str)]:
        raise UsageError(f"{path}: {wrong[0]} must be a string")
    return kept


def _folder(environment: Mapping[str, str]) -> Path:
    return _path_in(environment, "XDG_CONFIG_HOME") or Path.home() / ".config"


def _path_in(environment: Mapping[str, str], name: str) -> Path | None:
    return Path(environment[name]).expanduser() if environment.get(name) else None
