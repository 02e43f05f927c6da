"""The URL and the options of the broker, as kombu expects them."""

from typing import Any
from urllib.parse import quote

from orchestrator.settings import Settings
from orchestrator.settings.sentinels import SCHEME, Sentinels

__all__ = ["build_broker_url", "sentinel_options"]


def build_broker_url(settings: Settings) -> str:
    """Return `CELERY_BROKER_URL`, or else `REDIS_URL`.

    URLs of sentinels are converted to kombu's form, in which the master's name is an option.
    """
    url = _url(settings)
    if not url.startswith(SCHEME):
        return url
    known = Sentinels.parse(url)
    login = (
        f"{quote(known.username or '', safe='')}:{quote(known.password, safe='')}@"
        if (known.password)
        else ""
    )
    first, *others = (f"{SCHEME}{login}{host}:{port}" for host, port in known.hosts)
    return ";".join([f"{first}/{known.database}", *others])


def sentinel_options(settings: Settings) -> dict[str, Any]:
    """Return the transport options for sentinels; empty for any other broker."""
    url = _url(settings)
    if not url.startswith(SCHEME):
        return {}
    timeout_s = settings.redis_timeout_s
    return {
        "master_name": Sentinels.parse(url).master_name,
        "sentinel_kwargs": {"socket_timeout": timeout_s, "socket_connect_timeout": timeout_s},
    }


def _url(settings: Settings) -> str:
    return (settings.celery_broker_url or settings.redis_url).get_secret_value()
