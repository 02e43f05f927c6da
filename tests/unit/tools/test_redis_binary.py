"""The machine's own Redis comes before the one that a package brings."""

from pathlib import Path

import pytest

from tools.redis_binary import find_redis_server, redis_command


def _program(directory: Path, name: str) -> Path:
    path = directory / name
    path.write_text("#!/bin/sh\n", encoding="utf-8")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize("name", ["redis-server", "valkey-server"])
def test_a_server_on_path_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_redis_server() != tmp_path / name
    program = _program(tmp_path, name)
    assert find_redis_server() == program


def test_a_server_of_ours_listens_on_loopback_and_never_drops_a_queue(tmp_path: Path) -> None:
    command = redis_command(port=7000, directory=tmp_path, aof=True)
    options = dict(zip(command[1::2], command[2::2], strict=True))
    assert options["--bind"] == "127.0.0.1"
    assert options["--maxmemory-policy"] == "noeviction"
    assert options["--hash-max-ziplist-value"] == "1024"
    assert options["--appendonly"] == "yes"
