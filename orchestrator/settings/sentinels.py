"""The address of a Redis that sentinels watch over: who they are, and what they call it. Pure."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote, urlsplit

__all__ = ["SCHEME", "Sentinels"]

SCHEME: Final = "sentinel://"
_PORT: Final = 26379


@dataclass(frozen=True)
class Sentinels:
    """Read from ``sentinel://user:password@one:26379;sentinel://two:26379/mymaster/0``.

    Name and password are those of Redis itself, and may stand with any of the sentinels.
    """

    places: tuple[tuple[str, int], ...]
    """Host and port of each sentinel."""
    master_name: str
    username: str | None = None
    password: str | None = None
    database: int = 0

    @classmethod
    def parse(cls, url: str) -> "Sentinels":
        """Read an address.

        Raises:
            ValueError: It names no sentinel or no master, or is none at all.
        """
        parts = [urlsplit(part.strip()) for part in url.split(";") if part.strip()]
        if not parts or any(part.scheme != "sentinel" or not part.hostname for part in parts):
            raise ValueError("every part must be sentinel://host:port")
        master_name, _, database = parts[-1].path.strip("/").partition("/")
        if not master_name:
            raise ValueError("must end with the master's name, e.g. /mymaster")
        login = next((part for part in parts if part.password), None)
        return cls(
            places=tuple((part.hostname or "", part.port or _PORT) for part in parts),
            master_name=master_name,
            username=unquote(login.username) if login and login.username else None,
            password=unquote(login.password) if login and login.password else None,
            database=int(database or 0),
        )
