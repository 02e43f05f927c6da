"""A log file that several processes share: rotated by size and age, without losing lines."""

import logging
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestrator.telemetry.log.file import LogFile
from tools.waiting import wait_until

_WRITER = """
import logging, sys
from pathlib import Path
from orchestrator.telemetry.log.file import LogFile
path, name, count, max_bytes = sys.argv[1:]
handler = LogFile(Path(path), max_bytes=int(max_bytes), max_age_s=1e6, kept=1000)
logger = logging.Logger(name)
logger.addHandler(handler)
for number in range(int(count)):
    logger.info("%s:%d:%s", name, number, "x" * (number % 200))
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "orchestrator.log"


@pytest.fixture
def opened() -> Iterator[list[LogFile]]:
    """The handlers that a test opens, as several processes would; closed afterwards."""
    handlers: list[LogFile] = []
    yield handlers
    for handler in handlers:
        handler.close()


def open_log(path: Path, opened: list[LogFile], **options: float) -> LogFile:
    wanted = {"max_bytes": 1_000_000, "max_age_s": 1e6, "kept": 3} | options
    opened.append(LogFile(path, **wanted))  # type: ignore[arg-type]  # numbers all
    return opened[-1]


def write(handler: LogFile, message: str) -> None:
    handler.handle(logging.makeLogRecord({"msg": message}))


def start_writer(path: Path, name: str, *, count: int, max_bytes: int) -> subprocess.Popen[bytes]:
    arguments = [str(path), name, str(count), str(max_bytes)]
    return subprocess.Popen([sys.executable, "-c", _WRITER, *arguments])


def lines(path: Path) -> list[str]:
    """Return all lines of the current file and the rotated ones."""
    files = path.parent.glob(f"{path.name}*")
    return [line for file in files for line in file.read_text().splitlines()]


def test_concurrent_rotation_keeps_every_line_whole(path: Path) -> None:
    writers = [start_writer(path, name, count=3000, max_bytes=20_000) for name in "abcd"]
    assert [writer.wait(60) for writer in writers] == [0] * 4
    expected = {
        f"{name}:{number}:{'x' * (number % 200)}" for name in "abcd" for number in range(3000)
    }
    found = lines(path)
    assert len(found) == len(expected)
    assert set(found) == expected
    old = [file for file in path.parent.iterdir() if file.suffix[1:].isdigit()]
    assert len(old) > 30
    sizes = [file.stat().st_size for file in old]
    # Concurrent writers may still append a line or two to the rotated file.
    assert max(sizes) <= 20_000 + 4 * 220
    assert min(sizes) > 20_000 - 220, "nobody rotates again what another process has just begun"


def test_a_killed_process_loses_no_line(path: Path) -> None:
    writer = start_writer(path, "a", count=10_000_000, max_bytes=10**9)
    wait_until(
        lambda: path.exists() and path.stat().st_size > 100_000, timeout_s=20, what="many lines"
    )
    os.kill(writer.pid, signal.SIGKILL)
    writer.wait(20)
    found = lines(path)
    assert [int(line.split(":")[1]) for line in found] == list(range(len(found)))
    assert path.read_bytes().endswith(b"\n")


def test_a_log_is_rotated_by_size(path: Path, opened: list[LogFile]) -> None:
    log = open_log(path, opened, max_bytes=10)
    for number in range(6):
        write(log, f"line-{number}")
    kept = [path.with_name(f"{path.name}.{number}").read_text() for number in (1, 2, 3)]
    assert [path.read_text(), *kept] == ["line-5\n", "line-4\n", "line-3\n", "line-2\n"]
    assert not path.with_name(f"{path.name}.4").exists()


def test_a_line_longer_than_the_maximum_size_is_written(path: Path, opened: list[LogFile]) -> None:
    log = open_log(path, opened, max_bytes=10)
    write(log, "x" * 50)
    assert path.read_text() == "x" * 50 + "\n"


def test_a_log_is_rotated_by_age_at_the_next_write(path: Path, opened: list[LogFile]) -> None:
    write(open_log(path, opened, max_age_s=3600), "old")
    started = path.with_name(".orchestrator.log.lock")
    os.utime(started, (0, started.stat().st_mtime - 3601))
    log = open_log(path, opened, max_age_s=3600)
    write(log, "new")
    write(log, "newer")
    assert path.read_text() == "new\nnewer\n"
    assert path.with_name(f"{path.name}.1").read_text() == "old\n"


def test_all_processes_continue_in_the_new_file(path: Path, opened: list[LogFile]) -> None:
    first, second = open_log(path, opened, max_bytes=10), open_log(path, opened, max_bytes=10)
    write(first, "a" * 8)
    write(second, "b" * 8)
    write(first, "c")
    assert path.read_text() == "c\n"
    assert path.with_name(f"{path.name}.1").read_text() == "b" * 8 + "\n"


@pytest.mark.parametrize("how", ["removed", "emptied"])
def test_a_log_that_is_removed_or_truncated_is_continued(
    path: Path, opened: list[LogFile], how: str
) -> None:
    log = open_log(path, opened)
    write(log, "before")
    path.unlink() if how == "removed" else path.write_bytes(b"")
    write(log, "after")
    assert path.read_text() == "after\n"


def test_a_write_error_is_reported_and_does_not_stop_the_process(
    path: Path, opened: list[LogFile], capsys: pytest.CaptureFixture[str]
) -> None:
    log = open_log(path, opened)
    path.unlink()
    path.mkdir()
    write(log, "lost")
    path.rmdir()
    write(log, "kept")
    assert path.read_text() == "kept\n"
    assert "IsADirectoryError" in capsys.readouterr().err
