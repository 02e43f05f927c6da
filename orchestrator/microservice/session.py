"""The `requests.Session` that a process uses for all services."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from typing import Any, Final
from urllib.parse import unquote, urlsplit

import requests
from requests.adapters import DEFAULT_POOLSIZE
from requests.auth import AuthBase, HTTPBasicAuth

from foundation.logins import hide_login
from orchestrator.http.connections import DirectSession, OpenConnections, WatchedAdapter
from orchestrator.http.stopping import StopSignal
from orchestrator.settings import Settings

__all__ = ["ServiceSession"]

# Artifacts are passed on unchanged, so responses must not be compressed.
_HEADERS: Final = {"User-Agent": "ytcaption-orchestrator", "Accept-Encoding": "identity"}


@dataclass(frozen=True)
class _Origin:
    """The parameters of calls to one scheme, host and port."""

    auth: AuthBase
    how: Mapping[str, Any]
    """Arguments of `Session.send`: proxies and certificate authorities from the environment."""


class _Authorization(AuthBase):
    """Sends the service token, if there is one.

    It is also used without a token, because without `auth` requests would read ``~/.netrc``.
    """

    def __init__(self, token: str | None) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._token:
            request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class ServiceSession(DirectSession):
    """A session for all threads and services; keeps no cookies and follows no redirects.

    Args:
        settings: The services, the token and the limits.
        stop: Ends polls that are held open at once, and all other calls after
            `SHUTDOWN_TRANSFER_SECONDS`.
    """

    def __init__(self, settings: Settings, stop: StopSignal) -> None:
        super().__init__()
        instances = sum(len(service.urls) for service in settings.services.values())
        # requests keeps the pools of the last `pool_connections` hosts. Twice the number of
        # instances leaves capacity for jobs at former instances. A transfer between services uses
        # two connections, which are in one pool if the services share a host.
        adapter = WatchedAdapter(
            pool_connections=max(2 * instances, DEFAULT_POOLSIZE),
            pool_maxsize=2 * settings.worker_concurrency,
        )
        self.opened: OpenConnections = adapter.opened
        self.mount("http://", adapter)
        self.mount("https://", adapter)
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        token = settings.service_token
        self._authorization = _Authorization(token.get_secret_value() if token else None)
        self._origins: dict[str, _Origin] = {}
        stop.on_set(adapter.opened.end_waits)
        stop.on_set(lambda: _later(settings.shutdown_transfer_s, adapter.opened.shut))

    def open(self, request: requests.Request, *, timeout: tuple[float, float]) -> requests.Response:
        """Make one call; return the response before its body is read.

        Args:
            request: The request. A login in its URL replaces the service token. A body without a
                length is sent in chunks.
            timeout: Limits in seconds: on connecting, and on each read and the response head.

        Raises:
            requests.RequestException: There is no response.
        """
        base = "/".join(request.url.split("/", 3)[:3])
        origin = self._origins.get(base) or self._look_up(base)
        request.url, request.auth = hide_login(request.url), origin.auth
        request.headers = {**_HEADERS, **request.headers}
        # prepare_request would merge cookies, parameters and hooks, which this session lacks.
        return self.send(request.prepare(), timeout=timeout, allow_redirects=False, **origin.how)

    def _look_up(self, base: str) -> _Origin:
        # Cached per origin, because requests reads the whole environment.
        how = self.merge_environment_settings(hide_login(base), {}, True, None, None)  # noqa: FBT003
        origin = _Origin(_login_of(base) or self._authorization, how)
        self._origins[base] = origin
        return origin


def _login_of(base: str) -> HTTPBasicAuth | None:
    """Return the login in a URL, encoded as UTF-8 (RFC 7617); requests would use Latin-1."""
    parts = urlsplit(base)
    if not parts.username and not parts.password:
        return None
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    return HTTPBasicAuth(user.encode(), password.encode())


def _later(seconds: float, action: Callable[[], None]) -> None:
    """Call `action` after a delay, unless the process has exited by then."""
    timer = threading.Timer(seconds, action)
    timer.daemon = True
    timer.start()
