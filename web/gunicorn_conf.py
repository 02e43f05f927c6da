"""Gunicorn's configuration for the API; ``HOST``, ``PORT`` and ``WORKERS`` come from the settings.

From an installed package: ``gunicorn -c python:web.gunicorn_conf web.wsgi:app``.
"""

import resource
import sys
from typing import Any

import gevent

from orchestrator.domain.access import check_keys
from orchestrator.errors import SettingsError
from orchestrator.settings import load_settings

try:
    _settings = load_settings()
    check_keys(_settings.api_keys, _settings.environment)
except SettingsError as error:
    sys.exit(str(error))  # one line instead of a traceback from every process
_, _max_files = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(
    resource.RLIMIT_NOFILE, (_max_files, _max_files)
)  # every event stream holds a socket open

bind = f"{_settings.host}:{_settings.port}"
workers = _settings.workers
worker_class = "gevent"  # a waiting request costs a greenlet, not a thread
worker_connections = 5000
graceful_timeout = 5  # seconds that open requests have to finish at shutdown
timeout = 60  # seconds without a heartbeat until a worker process is restarted
keepalive = 65  # longer than the usual 60 s of load balancers, so that they close first
control_socket_disable = True  # its default path is shared by every gunicorn of a user
accesslog = None


def post_request(_worker: Any, _request: Any, _environ: Any, _response: Any) -> None:
    """Yield to other greenlets before the next request of this connection.

    A client that sends requests back to back would otherwise keep its greenlet running and starve
    the other connections.
    """
    gevent.sleep(0)
