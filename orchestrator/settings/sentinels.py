"""The URL of a Redis that sentinels monitor. Pure."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote, urlsplit

__all__ = ["SCHEME", "Sentinels"]

SCHEME: Final = "sentinel://"
_PORT: Final = 26379


@dataclass(frozen=True)
class Sentinels:
    """The parts of ``sentinel://user:password@one:26379;sentinel://two:26379/mymaster/0``.

    User and password are those of Redis itself; any of the sentinels may carry them.
    """

    hosts: tuple[tuple[str, int], ...]
    """The host and port of each sentinel."""
    master_name: str
    username: str | None = None
    password: str | None = None
    database: int = 0

    @classmethod
    def parse(cls, url: str) -> "Sentinels":
        """Parse a URL.

        Raises:
            ValueError: The URL is invalid, or has no sentinel or no master.
        """
        parts = [urlsplit(part.strip()) for part in url.split(";") if part.strip()]
        if not parts or any(part.scheme != "sentinel" or not part.hostname for part in parts):
            raise ValueError("every part must be sentinel://host:port")
        master_name, _, database = parts[-1].path.strip("/").partition("/")
        if not master_name:
            raise ValueError("must end with the master's name, e.g. /mymaster")
        login = next((part for part in parts if part.password), None)
        return cls(
            hosts=tuple((part.hostname or "", part.port or _PORT) for part in parts),
            master_name=master_name,
            username=unquote(login.username) if login and login.username else None,
            password=unquote(login.password) if login and login.password else None,
            database=int(database or 0),
        )
