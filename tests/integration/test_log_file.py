"""The log file under several processes at once: rotated by size and by age, and whole."""

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
    """Handlers as of several processes; those that a test opened are closed."""
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
    """Return all lines of the present file and the old ones."""
    files = path.parent.glob(f"{path.name}*")
    return [line for file in files for line in file.read_text().splitlines()]


def test_processes_that_rotate_at_the_same_time_lose_and_tear_no_line(path: Path) -> None:
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
    # A line or two of those who were just writing may follow into the file that was rotated.
    assert max(sizes) <= 20_000 + 4 * 220
    assert min(sizes) > 20_000 - 220, "nobody rotates again what another process has just begun"


def test_a_process_that_is_killed_has_lost_no_line(path: Path) -> None:
    writer = start_writer(path, "a", count=10_000_000, max_bytes=10**9)
    wait_until(
        lambda: path.exists() and path.stat().st_size > 100_000, timeout_s=20, what="many lines"
    )
    os.kill(writer.pid, signal.SIGKILL)
    writer.wait(20)
    found = lines(path)
    assert [int(line.split(":")[1]) for line in found] == list(range(len(found)))
    assert path.read_bytes().endswith(b"\n")


def test_a_log_of_a_certain_size_is_begun_anew(path: Path, opened: list[LogFile]) -> None:
    log = open_log(path, opened, max_bytes=10)
    for number in range(6):
        write(log, f"line-{number}")
    kept = [path.with_name(f"{path.name}.{number}").read_text() for number in (1, 2, 3)]
    assert [path.read_text(), *kept] == ["line-5\n", "line-4\n", "line-3\n", "line-2\n"]
    assert not path.with_name(f"{path.name}.4").exists()


def test_a_line_that_is_longer_than_a_file_may_be_is_written_all_the_same(
    path: Path, opened: list[LogFile]
) -> None:
    log = open_log(path, opened, max_bytes=10)
    write(log, "x" * 50)
    assert path.read_text() == "x" * 50 + "\n"


def test_a_log_of_a_certain_age_is_begun_anew_by_whoever_writes_next(
    path: Path, opened: list[LogFile]
) -> None:
    write(open_log(path, opened, max_age_s=3600), "old")
    began = path.with_name(".orchestrator.log.lock")
    os.utime(began, (0, began.stat().st_mtime - 3601))
    log = open_log(path, opened, max_age_s=3600)
    write(log, "new")
    write(log, "newer")
    assert path.read_text() == "new\nnewer\n"
    assert path.with_name(f"{path.name}.1").read_text() == "old\n"


def test_everybody_goes_on_in_the_new_file(path: Path, opened: list[LogFile]) -> None:
    first, second = open_log(path, opened, max_bytes=10), open_log(path, opened, max_bytes=10)
    write(first, "a" * 8)
    write(second, "b" * 8)
    write(first, "c")
    assert path.read_text() == "c\n"
    assert path.with_name(f"{path.name}.1").read_text() == "b" * 8 + "\n"


@pytest.mark.parametrize("how", ["removed", "emptied"])
def test_a_log_that_somebody_takes_away_is_written_on(
    path: Path, opened: list[LogFile], how: str
) -> None:
    log = open_log(path, opened)
    write(log, "before")
    path.unlink() if how == "removed" else path.write_bytes(b"")
    write(log, "after")
    assert path.read_text() == "after\n"


def test_a_file_that_cannot_be_written_ends_nothing_and_is_told(
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
