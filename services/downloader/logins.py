"""Separate the login from a URL, ``https://user:secret@host/``, so that it is never shown."""

from base64 import b64encode
from dataclasses import dataclass, field
from urllib.parse import SplitResult, unquote, urlsplit

from requests.exceptions import InvalidURL

_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Login:
    """The credentials for requests to one host."""

    scheme: str
    host: str
    port: int | None
    header: str = field(repr=False)
    """The value of ``Authorization``."""

    def is_for(self, url: str) -> bool:
        """Return whether a URL has the same host, and the same or a more secure scheme and port."""
        try:
            address = urlsplit(url)
            port = _find_port(address)
        except ValueError:
            return False
        if address.hostname != self.host:
            return False
        is_same = (address.scheme, port) == (self.scheme, self.port)
        was_plain = (self.scheme, self.port) == ("http", _PORTS["http"])
        is_upgrade = was_plain and (address.scheme, port) == ("https", _PORTS["https"])
        return is_same or is_upgrade


def split_login(url: str) -> tuple[str, Login | None]:
    """Return a URL without its login, and the login.

    Raises:
        InvalidURL: The port is not a number from 0 to 65535.
    """
    address = urlsplit(url)
    if address.username is None:
        return url, None
    user, secret = unquote(address.username), unquote(address.password or "")
    token = b64encode(f"{user}:{secret}".encode()).decode()
    clean = address._replace(netloc=address.netloc.rpartition("@")[2]).geturl()
    try:
        port = _find_port(address)
    except ValueError as error:
        raise InvalidURL("The port of a URL is not a number from 0 to 65535") from error
    return clean, Login(address.scheme, address.hostname or "", port, f"Basic {token}")


def _find_port(address: SplitResult) -> int | None:
    return address.port or _PORTS.get(address.scheme)
