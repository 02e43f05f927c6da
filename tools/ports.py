"""Free ports on loopback, for servers that tests and the demo start for themselves."""

import secrets
import socket

LOOPBACK = "127.0.0.1"

# Below the range from which systems take ports for outgoing connections: a server that is
# killed and started again finds its port free, and no client can connect to itself on it.
_LOWEST_PORT = 20_000
_HIGHEST_PORT = 31_999


def is_port_free(port: int, host: str = LOOPBACK) -> bool:
    """Tell whether a server could listen on ``port`` now."""
    with socket.socket() as probe:
        # Servers set this too; without it a port in TIME_WAIT would look busy.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """Pick a free port at random, so that runs side by side hardly ever choose the same."""
    while True:
        port = _LOWEST_PORT + secrets.randbelow(_HIGHEST_PORT - _LOWEST_PORT + 1)
        if is_port_free(port):
            return port
