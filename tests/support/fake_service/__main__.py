"""Runs one fake service: ``python -m tests.support.fake_service --role downloader --port 0``.

The first line printed is its URL. ``--help`` lists every setting; ``--json '{…}'`` takes them
all at once.
"""

import os
import resource
import signal
import socket
import sys

import gevent
from gevent.pywsgi import WSGIServer
from pydantic_settings import CliApp

from tests.support.fake_service.app import FakeApplication
from tests.support.fake_service.http import QuietHandler
from tests.support.fake_service.service import FakeMicroservice
from tests.support.fake_service.settings import FakeSettings

_BACKLOG = 4096  # thousands connect in the same instant
_PARENT_CHECK_S = 0.5


def main(arguments: list[str]) -> None:
    """Serve until a signal."""
    if arguments[:1] == ["--json"]:
        settings = FakeSettings.model_validate_json(arguments[1])
    else:
        settings = CliApp.run(FakeSettings, cli_args=arguments)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    _raise_file_limit()
    server = WSGIServer(
        (settings.host, settings.port),
        FakeApplication(FakeMicroservice(settings)),
        backlog=_BACKLOG,
        log=None,
        handler_class=QuietHandler,
    )
    server.start()
    # Inherited by every connection. pywsgi writes headers and body apart: without this each
    # answer on a kept connection would wait some 40 ms for an acknowledgement.
    server.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sys.stdout.write(f"http://{settings.host}:{server.server_port}\n")
    sys.stdout.flush()
    if settings.parent_pid:
        gevent.spawn(_exit_with_parent, settings.parent_pid)
    server.serve_forever()


def _raise_file_limit() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _exit_with_parent(parent: int) -> None:
    while os.getppid() == parent:
        gevent.sleep(_PARENT_CHECK_S)
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1:])
