"""Run FFmpeg as a child process that reports progress and can be stopped."""

import json
import os
import selectors
import shutil
import subprocess
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from contextvars import copy_context
from dataclasses import dataclass
from typing import IO, Any

import imageio_ffmpeg

from services.kit.work import WorkError

TICK_S = 0.5
TICKS = {"", "progress"}  # no output for a while, or the last line of a progress report
LOG_LINES_KEPT = 40  # loudnorm's report has 14 lines; a damaged file may cause endless logs
READ_BYTES = 65536

Feed = Iterable[bytes | memoryview]
"""Data for FFmpeg's standard input, generated on demand."""
OnProgress = Callable[[float], None]
OnValue = Callable[[str, str], None]


@dataclass(frozen=True)
class FFmpegRun:
    """The result of a run of FFmpeg."""

    exit_code: int
    decoded_s: float
    """Seconds of audio in its output."""
    log: str
    """The last lines of its log."""

    def read_report(self) -> dict[str, Any]:
        """Return the JSON object at the end of the log; empty if there is none."""
        start, end = self.log.rfind("{"), self.log.rfind("}")
        return dict(json.loads(self.log[start : end + 1])) if 0 <= start < end else {}


def find_ffmpeg() -> str:
    """Return the path of FFmpeg: the system's, or else that of imageio-ffmpeg."""
    return shutil.which("ffmpeg") or str(imageio_ffmpeg.get_ffmpeg_exe())


def run_ffmpeg(
    arguments: list[str],
    on_progress: OnProgress,
    on_value: OnValue | None = None,
    *,
    feed: Feed = (),
    most_idle_s: float,
) -> FFmpegRun:
    """Run FFmpeg to its end.

    Args:
        arguments: The command line after the executable and the options about progress.
        on_progress: Called with the seconds of processed audio, at least twice a second. Its
            exceptions kill FFmpeg and propagate.
        on_value: Called with each name and value that a filter prints to standard output.
        feed: Written to standard input by a thread; its exceptions propagate.
        most_idle_s: Maximum time without progress, in seconds.

    Raises:
        WorkError: ``decoding_stalled`` if FFmpeg makes no progress; it has been killed.
    """
    timeout = _ProgressTimeout(most_idle_s)
    log: deque[str] = deque(maxlen=LOG_LINES_KEPT)
    decoded_s = 0.0
    watched = ["-progress", "pipe:1", "-stats_period", str(TICK_S), *arguments]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with (
        ThreadPoolExecutor(
            1, "feeder"
        ) as pool,  # exited last: the feeder ends once FFmpeg has exited
        open_ffmpeg(watched, **pipes) as process,
    ):
        feeding = start_feeding(pool, process, feed)
        for stream, line in _read_lines(process):
            if stream is process.stderr:
                log.append(line)
                continue
            name, _, value = line.partition("=")
            if name == "out_time_us" and value.isdigit():
                decoded_s = int(value) / 1e6
            if name in TICKS:
                timeout.check(decoded_s)
                on_progress(decoded_s)
            elif on_value:
                on_value(name, value)
        exit_code = process.wait()
        feeding.result()
    return FFmpegRun(exit_code, decoded_s, "\n".join(log))


class _ProgressTimeout:
    """Raises once decoding makes no progress for too long."""

    def __init__(self, most_idle_s: float) -> None:
        self._most_idle_s = most_idle_s
        self._decoded_s = 0.0
        self._since = time.monotonic()

    def check(self, decoded_s: float) -> None:
        if decoded_s > self._decoded_s:
            self._decoded_s, self._since = decoded_s, time.monotonic()
        elif time.monotonic() - self._since > self._most_idle_s:
            raise WorkError(
                "decoding_stalled",
                "Decoding the file makes no progress. Try again, or convert the file first.",
                retryable=True,
            )


def start_feeding(
    pool: ThreadPoolExecutor, process: subprocess.Popen[bytes], feed: Feed
) -> Future[None]:
    """Write to a process's standard input in a thread, and close it at the end.

    Args:
        pool: A pool with a free thread.
        process: The process, whose ``stdin`` the thread takes over.
        feed: The data; writing stops early if the process stops reading.
    """
    stdin, process.stdin = process.stdin, None
    return pool.submit(copy_context().run, _write, stdin, feed)


def _write(stdin: IO[bytes] | None, feed: Feed) -> None:
    if stdin is None:
        return
    with suppress(BrokenPipeError), closing(stdin):
        for data in feed:
            stdin.write(data)


@contextmanager
def open_ffmpeg(
    arguments: list[str],
    *,
    stdin: int = subprocess.DEVNULL,
    stdout: int | None = None,
    stderr: int | None = None,
) -> Iterator[subprocess.Popen[bytes]]:
    """Start FFmpeg, and kill it at the end of the block.

    Args:
        arguments: The command line after the executable.
        stdin: As in ``subprocess.Popen``.
        stdout: The same; inherited by default.
        stderr: The same; inherited by default.
    """
    with subprocess.Popen(  # noqa: S603 - no shell; all arguments are constants or our own paths
        [find_ffmpeg(), "-hide_banner", "-nostdin", "-y", "-nostats", *arguments],
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        bufsize=0,
        # In our process group, so that it dies with this process.
    ) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def _read_lines(process: subprocess.Popen[bytes]) -> Iterator[tuple[IO[bytes] | None, str]]:
    """Yield lines with their stream, and an empty line after `TICK_S` without output."""
    with selectors.DefaultSelector() as selector:
        rests: dict[IO[bytes], bytes] = {}
        for stream in (process.stdout, process.stderr):
            if stream:
                rests[stream] = b""
                selector.register(stream, selectors.EVENT_READ, stream)
        while rests:
            ready = selector.select(TICK_S)
            if not ready:
                yield None, ""
            for key, _ in ready:
                stream = key.data
                data = os.read(key.fd, READ_BYTES)
                if not data:
                    selector.unregister(stream)
                    del rests[stream]
                    continue
                *lines, rests[stream] = (rests[stream] + data).split(b"\n")
                for line in lines:
                    yield stream, line.decode("utf-8", "replace").strip()
