"""Decodes a submitted file, bit by bit, into the samples that Whisper works on."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.container import InputContainer
from av.error import FFmpegError, InvalidDataError
from numpy.typing import NDArray

from services.kit.work import WorkError
from services.transcriber.speech import SAMPLE_RATE_HZ

# These formats hold no media but point at other files, which are not the client's to read.
REFERENCE_FORMATS = frozenset({"concat", "concatf", "dash", "hls", "imf", "sdp"})
BLOCK_SAMPLES = 120 * SAMPLE_RATE_HZ
"""Four times what the model hears at once, so that it hears four chunks together."""

Samples = NDArray[np.float32]


@dataclass(frozen=True)
class Block:
    """A part of a recording: one channel at 16 kHz, from -1 to 1."""

    samples: Samples
    is_last: bool


def measure_duration_s(path: Path) -> float | None:
    """Return how long a file says that it is, in seconds; decoding alone tells the truth.

    Raises:
        WorkError: ``not_audio`` when there is no audio in it.
    """
    try:
        with _open(path) as container:
            return container.duration / av.time_base if container.duration else None
    except FFmpegError as error:
        raise WorkError("not_audio", "The file is not audio or video that can be read.") from error


def read_blocks(path: Path, *, skipped: int, max_duration_s: float) -> Iterator[Block]:
    """Yield a recording in blocks, of a truncated file what is there; the last may be empty.

    Args:
        path: A file that ``measure_duration_s`` can read.
        skipped: Number of samples at the beginning that are not wanted.
        max_duration_s: Longest recording taken, because a small file can decode to years.

    Raises:
        WorkError: ``not_audio`` when nothing can be decoded, ``file_too_large`` when it lasts
            too long.
    """
    held: list[Samples] = []
    count = read = 0
    for samples in _decode(path):
        read += len(samples)
        if read > max_duration_s * SAMPLE_RATE_HZ:
            hours = max_duration_s / 3600
            raise WorkError("file_too_large", f"The recording is longer than {hours:g} hours.")
        wanted = samples[max(0, len(samples) - max(0, read - skipped)) :]
        held.append(wanted)
        count += len(wanted)
        if count >= BLOCK_SAMPLES:
            yield Block(np.concatenate(held), is_last=False)
            held, count = [], 0
    if not read:
        raise WorkError("not_audio", "Nothing in the file can be decoded as audio.")
    yield Block(np.concatenate([*held, np.empty(0, np.float32)]), is_last=True)


def _open(path: Path) -> InputContainer:
    # Only this file is opened, even if its content names others.
    options: dict[str, Any] = {"protocol_whitelist": "file"}
    container = av.open(str(path), options=options)
    is_reference = bool(REFERENCE_FORMATS & set(container.format.name.split(",")))
    if is_reference or not container.streams.audio:
        container.close()
        raise WorkError("not_audio", "The file holds no audio.")
    return container


def _decode(path: Path) -> Iterator[Samples]:
    resampler = av.AudioResampler(format="flt", layout="mono", rate=SAMPLE_RATE_HZ)
    with _open(path) as container:
        for frame in _decode_frames(container):
            # Frames of a broken file may lie about their times, which are not needed here.
            frame.pts = None
            for resampled in resampler.resample(frame):
                yield resampled.to_ndarray()[0]
        for rest in resampler.resample(None):
            yield rest.to_ndarray()[0]


def _decode_frames(container: InputContainer) -> Iterator[av.AudioFrame]:
    """Yield what can be decoded; damage costs its own packet and a cut end itself only."""
    packets = container.demux(container.streams.audio[0])
    while True:
        try:
            for packet in packets:
                yield from packet.decode()
        except InvalidDataError:
            continue
        except FFmpegError:
            return
        return
