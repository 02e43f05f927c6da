"""FFmpeg as a child process that can be watched while it runs and stopped."""

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
TICKS = {"", "progress"}  # a silent moment, and the last line of each of FFmpeg's own reports
LOG_LINES_KEPT = 40  # loudnorm's report has 14 lines; a broken file may log without end
READ_BYTES = 65536

Feed = Iterable[bytes | memoryview]
"""What FFmpeg reads from its standard input, made as it is needed."""
OnProgress = Callable[[float], None]
OnValue = Callable[[str, str], None]


@dataclass(frozen=True)
class FFmpegRun:
    """How one run of FFmpeg ended."""

    exit_code: int
    decoded_s: float
    """Seconds of audio that came out of it."""
    log: str
    """The last lines that it wrote."""

    def read_report(self) -> dict[str, Any]:
        """Return the JSON object that a filter printed at the end, empty if there is none."""
        start, end = self.log.rfind("{"), self.log.rfind("}")
        return dict(json.loads(self.log[start : end + 1])) if 0 <= start < end else {}


def find_ffmpeg() -> str:
    """Return FFmpeg's executable: the system's, else the one that imageio-ffmpeg brings."""
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
        on_progress: Called with the seconds of audio finished, at least twice a second even
            if FFmpeg is silent. What it raises ends FFmpeg and everything that it started.
        on_value: Called with each name and value that a filter prints to standard output.
        feed: Written to its standard input by a thread of its own. What it raises is raised
            here.
        most_idle_s: How long FFmpeg may get no further, in seconds.

    Raises:
        WorkError: ``decoding_stalled`` when FFmpeg gets no further; it has been killed.
    """
    patience = _Patience(most_idle_s)
    log: deque[str] = deque(maxlen=LOG_LINES_KEPT)
    decoded_s = 0.0
    watched = ["-progress", "pipe:1", "-stats_period", str(TICK_S), *arguments]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with (
        ThreadPoolExecutor(1, "feeder") as pool,  # left last: FFmpeg's end ends the writing
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
                patience.look_at(decoded_s)
                on_progress(decoded_s)
            elif on_value:
                on_value(name, value)
        exit_code = process.wait()
        feeding.result()
    return FFmpegRun(exit_code, decoded_s, "\n".join(log))


class _Patience:
    """Ends when nothing more was decoded for too long."""

    def __init__(self, most_idle_s: float) -> None:
        self._most_idle_s = most_idle_s
        self._decoded_s = 0.0
        self._since = time.monotonic()

    def look_at(self, decoded_s: float) -> None:
        if decoded_s > self._decoded_s:
            self._decoded_s, self._since = decoded_s, time.monotonic()
        elif time.monotonic() - self._since > self._most_idle_s:
            raise WorkError(
                "decoding_stalled",
                "Decoding the file does not progress. Try again, or convert the file first.",
                retryable=True,
            )


def start_feeding(
    pool: ThreadPoolExecutor, process: subprocess.Popen[bytes], feed: Feed
) -> Future[None]:
    """Write to a process's standard input in a thread, which closes it at the end.

    Args:
        pool: Its thread must be free.
        process: Its ``stdin`` belongs to the thread from now on.
        feed: What is written; a process that reads no more ends it early.
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
    """Start FFmpeg, and end it with the context.

    Args:
        arguments: The command line after the executable.
        stdin: As for ``subprocess.Popen``; so are the others.
        stdout: By default it goes where this process writes.
        stderr: The same.
    """
    with subprocess.Popen(  # noqa: S603 - no shell; every argument is our own or a path of ours
        [find_ffmpeg(), "-hide_banner", "-nostdin", "-y", "-nostats", *arguments],
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        bufsize=0,
        # In our own process group, so that it is killed with us, however we die.
    ) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def _read_lines(process: subprocess.Popen[bytes]) -> Iterator[tuple[IO[bytes] | None, str]]:
    """Yield lines with the stream they came from, and an empty line whenever a tick passes."""
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
