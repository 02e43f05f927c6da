"""How every service's API runs: ``gunicorn -c python:services.kit.gunicorn_conf PACKAGE.wsgi:app``.

The service is read off the command line, because its settings know the port.
"""

import resource
import sys
from importlib import import_module

from services.kit.service import Service

# A waiting request is a greenlet and a socket: thousands of them are cheap.
worker_class = "gevent"
worker_connections = 10_000

# Longer than a client's own pool keeps a connection: the side that closes first must be the
# client, or a request may meet a closing connection and get no answer.
keepalive = 75
# A waiting call or a transfer that is cut off is repeated; a slow stop would hold up a deploy.
graceful_timeout = 3
# Its default path is the same for every gunicorn of a user, and nothing here uses it.
control_socket_disable = True


def _find_service() -> Service:
    package = next(word for word in sys.argv if word.endswith(".wsgi:app")).removesuffix(
        ".wsgi:app"
    )
    service: Service = import_module(f"{package}.service").SERVICE
    return service


def _allow_many_files() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


_allow_many_files()
_settings = _find_service().settings()
bind = f"{_settings.host}:{_settings.port}"
workers = _settings.workers
loglevel = _settings.log_level.lower()
