"""The Procfile's ``redis`` process: a server that stops after its clients.

The process manager stops all processes at the same time. Workers then still have jobs to requeue,
so the server waits until they have closed their connections.
"""

import argparse
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import redis

from tools.ports import LOOPBACK
from tools.redis_binary import redis_command
from tools.waiting import wait_until

# Less than the 15 s after which ``tools.run`` kills remaining processes.
_LAST_CLIENT_TIMEOUT_S = 10.0
_CHECK_INTERVAL_S = 0.2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a Redis server with persistent data until stopped.

    Returns:
        0 after a requested stop, otherwise the server's exit status.
    """
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--directory", type=Path, required=True)
    options = parser.parse_args(arguments)
    options.directory.mkdir(parents=True, exist_ok=True)
    command = redis_command(port=options.port, directory=options.directory, aof=True)
    return _serve(command, options.port)


def _serve(command: Sequence[str], port: int) -> int:
    stop_requests: list[int] = []
    for signal_number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signal_number, lambda number, _frame: stop_requests.append(number))
    # In its own session, or signals to this process would also reach the server.
    with subprocess.Popen(command, start_new_session=True) as server:
        while server.poll() is None and not stop_requests:
            time.sleep(_CHECK_INTERVAL_S)
        if not stop_requests:
            return server.returncode
        _await_last_client(port)
        server.terminate()
    return 0


def _await_last_client(port: int) -> None:
    with redis.Redis(LOOPBACK, port, socket_timeout=1) as client:
        try:
            wait_until(
                lambda: len(client.client_list()) <= 1,
                timeout_s=_LAST_CLIENT_TIMEOUT_S,
                what="the last client to disconnect",
            )
        except (TimeoutError, redis.RedisError) as error:
            print(f"stopping anyway: {error}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
