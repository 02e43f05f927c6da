"""Gunicorn settings: ``gunicorn -c python:services.kit.gunicorn_conf PACKAGE.wsgi:app``.

The service is taken from the command line, because its settings define the port.
"""

import resource
import sys
from importlib import import_module

from services.kit.service import Service

# A waiting request costs a greenlet and a socket, so thousands are cheap.
worker_class = "gevent"
worker_connections = 10_000

# Longer than clients keep idle connections: if the server closed first, a request could be sent
# on a closing connection and get no response.
keepalive = 75
# Clients retry interrupted requests; a slow stop would delay a deployment.
graceful_timeout = 3
# Unused; its default path is shared by all gunicorn processes of a user.
control_socket_disable = True


def _find_service() -> Service:
    package = next(
        argument for argument in sys.argv if argument.endswith(".wsgi:app")
    ).removesuffix(".wsgi:app")
    service: Service = import_module(f"{package}.service").SERVICE
    return service


def _raise_descriptor_limit() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


_raise_descriptor_limit()
_settings = _find_service().settings()
bind = f"{_settings.host}:{_settings.port}"
workers = _settings.workers
loglevel = _settings.log_level.lower()
