"""Free ports on loopback, for servers that tests and the demo start."""

import secrets
import socket

LOOPBACK = "127.0.0.1"

# Below the range of ephemeral ports: a restarted server finds its port free, and no client can
# connect to itself on it.
_LOWEST_PORT = 20_000
_HIGHEST_PORT = 31_999


def is_port_free(port: int, host: str = LOOPBACK) -> bool:
    """Return whether a server can listen on ``port`` now."""
    with socket.socket() as probe:
        # As servers do; without it a port in TIME_WAIT would look busy.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """Return a random free port, so that parallel runs rarely choose the same one."""
    while True:
        port = _LOWEST_PORT + secrets.randbelow(_HIGHEST_PORT - _LOWEST_PORT + 1)
        if is_port_free(port):
            return port
