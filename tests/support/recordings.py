"""Media files generated for tests, and the position of a clip in them."""

import subprocess
import wave
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from services.media import Recording, open_recording
from services.normalizer.ffmpeg import find_ffmpeg
from tests.support.work_context import SAMPLES

RATE_HZ = 16_000
LENGTH = 24 * RATE_HZ
"""Samples of a call."""
JFK = SAMPLES / "jfk.wav"
AUSTEN = SAMPLES / "sense_and_sensibility_01_austen_64kb-0870.wav"
PANGRAM = SAMPLES / "pt_pangrama.wav"
PICTURE = ("-f", "lavfi", "-i", "color=s=32x32:r=10")
LEAST_ALIKE = 0.3
"""Minimum correlation of a clip after a codec and a change of level."""

Sound = NDArray[np.float32]


class Workshop:
    """Generates files with FFmpeg in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def make(self, name: str, *arguments: str | Path) -> Path:
        """Return a file written by FFmpeg with these arguments."""
        target = self.folder / name
        command = [find_ffmpeg(), "-loglevel", "error", "-y", *map(str, arguments), str(target)]
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
        return target

    def join(self, name: str, *parts: Path) -> Path:
        """Return a concatenation of files."""
        target = self.folder / name
        target.write_bytes(b"".join(part.read_bytes() for part in parts))
        return target

    def cut(self, source: Path, share: float = 0.6) -> Path:
        """Return a file with the first part of another one."""
        data = source.read_bytes()
        target = source.with_name(f"cut-{source.name}")
        target.write_bytes(data[: int(len(data) * share)])
        return target

    def write_channels(self, name: str, *channels: Sound, rate_hz: int = RATE_HZ) -> Path:
        """Return a 16-bit WAV file with these channels and no layout."""
        target = self.folder / name
        rows = np.stack(channels).T
        with wave.open(str(target), "wb") as file:
            file.setparams((len(channels), 2, rate_hz, 0, "NONE", "not compressed"))
            file.writeframes((rows.clip(-1, 1) * 32_767).astype("<i2").tobytes())
        return target


def load(clip: Path) -> Sound:
    """Return a sample clip."""
    return np.asarray(read(open_recording(clip))[0])


def place(clip: Sound, at_s: float) -> Sound:
    """Return a silent channel with the clip at a second."""
    sound = np.zeros(LENGTH, np.float32)
    start = round(at_s * RATE_HZ)
    sound[start : start + len(clip)] = clip[: LENGTH - start]
    return sound


def make_call() -> tuple[Sound, Sound]:
    """Return two parties that partly speak at once."""
    return place(load(JFK), 0), place(load(AUSTEN), 3) + place(load(AUSTEN), 14)


def read(recording: Recording) -> Sound:
    """Return a whole recording, one row per channel."""
    return np.concatenate([*recording.read(RATE_HZ, max_duration_s=43_200)], axis=1)


def locate(sound: Sound, clip: Sound, count: int = 1) -> list[float]:
    """Return the positions of a clip in a sound, in seconds, by cross-correlation.

    It may start a little before the sound does, as with codecs that swallow their beginning.

    Args:
        sound: One channel.
        clip: One channel.
        count: Maximum number of positions.
    """
    sound = np.pad(sound, (RATE_HZ, 0))
    size = 1 << (len(sound) + len(clip)).bit_length()
    spectrum = np.fft.rfft(sound, size) * np.conj(np.fft.rfft(clip, size))
    found = np.abs(np.fft.irfft(spectrum, size)[: len(sound)])
    power = np.square(sound, dtype=np.float64).cumsum()
    ends = np.minimum(np.arange(len(sound)) + len(clip), len(sound)) - 1
    norms = np.sqrt(np.maximum(power[ends] - power + sound**2, 1e-3) * np.square(clip).sum())
    alike = found / norms
    alike[norms < norms.max() / 10] = 0
    places: list[float] = []
    for _ in range(count):
        place = int(alike.argmax())
        if alike[place] < LEAST_ALIKE:
            break
        places.append(place / RATE_HZ - 1)
        alike[max(0, place - RATE_HZ) : place + RATE_HZ] = 0
    return sorted(places)
