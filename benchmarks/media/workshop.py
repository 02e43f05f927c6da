"""Generation of sounds and files with NumPy and FFmpeg, and patching of bytes."""

import random
import subprocess
import wave
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.media.clips import CLIPS, Sound, load_clip
from services.normalizer.ffmpeg import find_ffmpeg

_FFMPEG_TIMEOUT_S = 300.0
_SIXTEEN_BITS = 32_767


@dataclass(frozen=True)
class Take:
    """A clip within a recording.

    Args:
        clip: Its name in ``CLIPS``.
        at_s: Its start.
        channels: Gain per channel.
    """

    clip: str
    at_s: float = 0.0
    channels: tuple[tuple[int, float], ...] = ((0, 1.0),)


class Workshop:
    """A folder for inputs.

    Args:
        folder: For all files; it is served.
        seed: Seed of all random choices.
    """

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder = folder
        self.seed = seed

    def draw(self, name: str) -> random.Random:
        """Return a separate random generator per name, so that cases are reproducible."""
        return random.Random(f"{self.seed}:{name}")  # noqa: S311 - inputs, not secrets

    def ffmpeg(self, *arguments: str | Path, cwd: Path | None = None) -> None:
        """Run FFmpeg.

        Raises:
            RuntimeError: FFmpeg failed; the message contains its log.
        """
        command = [find_ffmpeg(), "-nostdin", "-v", "error", "-y", *map(str, arguments)]
        done = subprocess.run(  # noqa: S603 - our own arguments
            command, cwd=cwd, capture_output=True, timeout=_FFMPEG_TIMEOUT_S, check=False
        )
        if done.returncode:
            log = done.stderr.decode(errors="replace")[-800:]
            raise RuntimeError(f"ffmpeg {' '.join(map(str, arguments))}: {log}")


def record(
    takes: Sequence[Take],
    *,
    channels: int = 1,
    rate_hz: int = 16_000,
    length_s: float | None = None,
) -> Sound:
    """Return a recording of clips; silence elsewhere."""
    ends = [take.at_s + CLIPS[take.clip].length_s for take in takes]
    count = round((length_s if length_s is not None else max(ends)) * rate_hz)
    sound = np.zeros((channels, count), np.float32)
    for take in takes:
        start = round(take.at_s * rate_hz)
        voice = load_clip(take.clip, rate_hz)[: max(0, count - start)]
        for channel, gain in take.channels:
            sound[channel, start : start + len(voice)] += gain * voice
    return sound


def write_wav(path: Path, sound: Sound, rate_hz: int) -> Path:
    """Write 16-bit PCM with a plain header, without channel layout."""
    with wave.open(str(path), "wb") as file:
        file.setparams((sound.shape[0], 2, rate_hz, 0, "NONE", ""))
        file.writeframes((sound.T.clip(-1, 1) * _SIXTEEN_BITS).astype("<i2").tobytes())
    return path


def write_float_wav(path: Path, sound: Sound, rate_hz: int) -> Path:
    """Write 32-bit float PCM, whose samples can be far above 1."""
    data = sound.T.astype("<f4").tobytes()
    frame = 4 * sound.shape[0]
    form = np.array([3, sound.shape[0]], "<u2").tobytes()
    form += np.array([rate_hz, rate_hz * frame], "<u4").tobytes()
    form += np.array([frame, 32], "<u2").tobytes()
    body = b"WAVE" + _chunk(b"fmt ", form) + _chunk(b"data", data)
    path.write_bytes(_chunk(b"RIFF", body))
    return path


def _chunk(name: bytes, body: bytes) -> bytes:
    return name + len(body).to_bytes(4, "little") + body


def patch(path: Path, change: Callable[[bytearray], bytes | bytearray]) -> Path:
    """Transform a file's bytes with a function."""
    path.write_bytes(change(bytearray(path.read_bytes())))
    return path
