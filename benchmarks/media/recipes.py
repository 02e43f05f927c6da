"""Recipes for inputs: each function returns a generator of one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from benchmarks.media.case import Make, Said
from benchmarks.media.clips import CLIPS, Sound
from benchmarks.media.workshop import Take, Workshop, patch, record, write_float_wav, write_wav

PICTURE = ("-f", "lavfi", "-i", "testsrc2=s=160x90:r=5")
X264 = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p")
JFK = (Take("jfk"),)
AUSTEN = (Take("austen"),)
PT = (Take("pt"),)

Change = Callable[[Sound, int], Sound]
"""Transforms a sound, given its rate in Hz."""


@dataclass(frozen=True)
class Recipe:
    """A recording of clips and its encoding.

    Args:
        takes: The clips and their positions.
        channels: Number of channels.
        rate_hz: Sample rate before encoding.
        length_s: Total length; default: the end of the last clip.
        change: Transformations of the sound, in order.
        encode: FFmpeg's output options; none for a plain WAV.
        before: FFmpeg's options before the input.
        is_float: Whether the WAV has 32-bit floats.
    """

    takes: Sequence[Take] = JFK
    channels: int = 1
    rate_hz: int = 16_000
    length_s: float | None = None
    change: Sequence[Change] = ()
    encode: Sequence[str] = ()
    before: Sequence[str] = ()
    is_float: bool = False
    patches: Sequence[Callable[[bytearray], bytes | bytearray]] = field(default=())

    def make(self, shop: Workshop, target: Path) -> Path:
        """Write the recording to a file, in the format of its suffix."""
        sound = record(
            self.takes, channels=self.channels, rate_hz=self.rate_hz, length_s=self.length_s
        )
        for change in self.change:
            sound = change(sound, self.rate_hz)
        write = write_float_wav if self.is_float else write_wav
        if self.encode or target.suffix != ".wav":
            source = write(target.with_name(f"{target.stem}.source.wav"), sound, self.rate_hz)
            shop.ffmpeg(*self.before, "-i", source, *self.encode, target)
            source.unlink()
        else:
            write(target, sound, self.rate_hz)
        for each in self.patches:
            patch(target, each)
        return target

    def said(self, *, at_s: float = 0.0) -> tuple[Said, ...]:
        """Return its utterances."""
        return tuple(Said(take.clip, at_s + take.at_s) for take in self.takes)


def one(name: str, recipe: Recipe) -> Make:
    """Write one file with this name."""

    def make(shop: Workshop, own: Path) -> str:
        return recipe.make(shop, own / name).name

    return make


def on_channels(count: int, carrying: Sequence[int], clip: str = "jfk") -> Recipe:
    """Return a recording with one clip on some of its channels."""
    gains = tuple((channel, 1.0) for channel in carrying)
    return Recipe((Take(clip, 0.0, gains),), channels=count)


def concatenated(name: str, parts: Sequence[Recipe]) -> Make:
    """Join the bytes of several files of one format."""

    def make(shop: Workshop, own: Path) -> str:
        whole = b""
        for number, part in enumerate(parts):
            file = part.make(shop, own / f"part{number}-{name}")
            whole += file.read_bytes()
            file.unlink()
        (own / name).write_bytes(whole)
        return name

    return make


def filmed(name: str, offset_s: float, length_s: float, *encode: str, clip: str = "jfk") -> Make:
    """Add a picture that starts before the clip."""

    def make(shop: Workshop, own: Path) -> str:
        source = Recipe((Take(clip),)).make(shop, own / "sound.wav")
        shop.ffmpeg(
            *PICTURE, "-itsoffset", f"{offset_s}", "-i", source, "-map", "0:v", "-map", "1:a",
            "-t", f"{length_s}", *encode, own / name,
        )  # fmt: skip
        source.unlink()
        return name

    return make


def served(behaviour: str, file: str = "jfk.mp3", argument: str = "") -> Make:
    """Serve an MP3 of the clip with one of the server's behaviours."""

    def make(shop: Workshop, own: Path) -> str:
        shown = Path(file)
        mp3(shop, own / shown.with_suffix(".mp3"))
        inner = own.relative_to(shop.folder)
        return f"/as/{behaviour}/{inner}/{shown}{'?' if argument else ''}{argument}"

    return make


def mp3(shop: Workshop, target: Path) -> Path:
    """Encode the clip as MP3 with 44.1 kHz and 96 kbit/s."""
    return Recipe(encode=("-ar", "44100", "-b:a", "96k")).make(shop, target)


def copied(data: bytes, name: str) -> Make:
    """Write these bytes."""

    def make(_shop: Workshop, own: Path) -> str:
        (own / name).write_bytes(data)
        return name

    return make


# Transformations of a sound.


def shifted_by(offset: float) -> Change:
    """Add a constant (a DC offset)."""
    return lambda sound, _rate: sound * (1 - abs(offset)) + np.float32(offset)


def scaled(gain: float) -> Change:
    """Multiply."""
    return lambda sound, _rate: sound * np.float32(gain)


def with_noise(
    seconds: Sequence[tuple[float, float]], level: float, *, color: float = 1.0
) -> Change:
    """Add noise to some passages.

    Args:
        seconds: Start and end of each passage.
        level: Root mean square.
        color: 0 for white, 1 for pink, 2 for brown (the exponent of the spectral slope).
    """

    def change(sound: Sound, rate_hz: int) -> Sound:
        noise = make_noise(sound.shape[1], level, color=color)
        gate = np.zeros(sound.shape[1], np.float32)
        for start_s, end_s in seconds:
            gate[round(start_s * rate_hz) : round(end_s * rate_hz)] = 1
        return sound + noise * gate

    return change


def make_noise(count: int, level: float, *, color: float, seed: int = 1) -> Sound:
    """Return noise whose power decreases with frequency to the power of ``color``."""
    white = np.random.default_rng(seed).standard_normal(count)
    spectrum = np.fft.rfft(white)
    falling = np.maximum(np.arange(len(spectrum)), len(spectrum) / 1000) ** (-color / 2)
    noise = np.fft.irfft(spectrum * falling, count)
    scaled_noise: Sound = (noise * level / np.sqrt(np.mean(noise**2))).astype(np.float32)
    return scaled_noise


def said(*clips: str, gap_s: float = 0.0, start_s: float = 0.0) -> tuple[Take, ...]:
    """Arrange clips one after another."""
    takes, at_s = [], start_s
    for clip in clips:
        takes.append(Take(clip, at_s))
        at_s += CLIPS[clip].length_s + gap_s
    return tuple(takes)
