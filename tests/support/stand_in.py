"""A Procfile of simple web servers, for tests of starting and stopping processes."""

from pathlib import Path

_PYTHON_SERVER = "python -m http.server $PORT --bind 127.0.0.1 --directory"


def write_procfile(directory: Path, **commands: str) -> Path:
    """Write a Procfile whose web processes all answer their health checks.

    Args:
        directory: Where it goes, and what the servers serve.
        commands: Other commands by the name of their process, in place of the servers.
    """
    health = directory / "health"
    health.mkdir()
    (health / "index.html").touch()
    (health / "ready").touch()
    names = ["api", "downloader", "normalizer", "transcriber"]
    servers = dict.fromkeys(names, f"{_PYTHON_SERVER} {directory}")
    redis = {"redis": "python -m tools.embedded_redis --port $REDIS_PORT --directory $DATA_DIR"}
    lines = [f"{name}: {command}" for name, command in (redis | servers | commands).items()]
    procfile = directory / "Procfile"
    procfile.write_text("\n".join(lines), encoding="utf-8")
    return procfile
