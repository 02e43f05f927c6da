"""How gunicorn serves the API; ``HOST``, ``PORT`` and ``WORKERS`` come from the settings.

``gunicorn -c python:web.gunicorn_conf web.wsgi:app`` wherever the package is installed.
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
except SettingsError as refusal:
    sys.exit(str(refusal))  # one line, where each process would end with a traceback of its own
_, _most_files = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (_most_files, _most_files))  # each stream is a socket

bind = f"{_settings.host}:{_settings.port}"
workers = _settings.workers
worker_class = "gevent"  # requests that wait cost a greenlet each, not a thread
worker_connections = 5000
graceful_timeout = 5  # seconds that open requests get when a process is told to stop
timeout = 60  # seconds without a sign of life after which a process is started anew
keepalive = 65  # longer than the usual load balancer's 60 s, so that it closes first
control_socket_disable = True  # its default path is the same for every gunicorn of a user
accesslog = None


def post_request(_worker: Any, _request: Any, _environ: Any, _answer: Any) -> None:
    """Let the other connections have their turn before the next request of this one.

    A client that sends one after another has its next request there before this one's greenlet
    would wait, and while nothing waits nobody else is served.
    """
    gevent.sleep(0)
