"""An hour of sound without intelligible words.

Six kinds of ten minutes each: music, applause, noise, silence, breath and babble, synthesized or
from Debian packages (sounds of Scratch, Frozen Bubble, Sonic Pi and Asterisk). One half of the
material is for calibration and the other for the report; they share neither files nor random
numbers. The samples of a half are equal on every machine.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.services.packages import unpack
from benchmarks.services.prompts import unpack_prompts
from benchmarks.services.signals import make_music, read_sound

RATE_HZ = 16_000
SOUNDS = ("asterisk-moh-opsound-wav", "frozen-bubble-data", "scratch", "sonic-pi-samples")
FOLDER = Path("var/sounds")
VOICES = ("en", "es", "fr", "it", "ru")
PEAK = 0.5
RECORDING_S = 60
SMALLEST_BYTES = 10_000  # shorter prompts are beeps, or empty

Samples = NDArray[np.float32]
Wave = NDArray[np.float64]


@dataclass(frozen=True)
class Recording:
    """A minute without words: 16 kHz, one channel, from -1 to 1."""

    kind: str
    name: str
    samples: Samples


@dataclass(frozen=True)
class Material:
    """The files and the random numbers of one half."""

    half: int

    @cached_property
    def random(self) -> np.random.Generator:
        """Return the source of random numbers."""
        return np.random.default_rng(seed=1000 + self.half)

    def pick_files(self, *patterns: str) -> list[Path]:
        """Return this half's files among those that match."""
        folder = unpack(SOUNDS, FOLDER)
        found = sorted({path for pattern in patterns for path in folder.rglob(pattern)})
        return found[self.half :: 2]

    def read_prompts(self, language: str, count: int) -> Wave:
        """Return consecutive prompts, with a length in samples."""
        found = sorted(unpack_prompts(language).glob("usr/share/asterisk/sounds/*/*.wav"))
        prompts = [path for path in found if path.stat().st_size > SMALLEST_BYTES]
        chosen = self.random.permutation(len(prompts) // 2)
        parts: list[Wave] = []
        for number in chosen:
            parts.append(_read(prompts[2 * int(number) + self.half]))
            if sum(map(len, parts)) >= count:
                break
        return _level(np.concatenate(parts)[:count])


def make_recordings(half: int) -> Iterator[Recording]:
    """Yield the recordings of a half (0 or 1): an hour, ten of each kind."""
    material = Material(half)
    for kind, make in KINDS.items():
        for number in range(10):
            name, wave = make(material, number)
            yield Recording(kind, name, _finish(wave))


def make_music_minute(material: Material, number: int) -> tuple[str, Wave]:
    """Return music on hold, loops of Scratch and Sonic Pi, and a synthesized band."""
    count = RECORDING_S * RATE_HZ
    if number == 9:  # noqa: PLR2004 - the last one
        band = make_music(count, rate_hz=RATE_HZ).mean(axis=1)
        return "band", np.roll(band, material.half * RATE_HZ)
    if number < 5:  # noqa: PLR2004 - the first half of them
        songs = material.pick_files("moh/*.wav", "snd/*zik*.ogg", "snd/newroot*.ogg")
        path = songs[number % len(songs)]
        return path.stem, _cut(material, _read(path), count)
    paths = material.pick_files(
        "Music Loops/*.mp3", "Instruments/*", "Percussion/*", "loop_*.flac", "ambi_*.flac"
    )
    return "loops", _lay_out(material, paths, count, pause_s=0.3)


def make_applause_minute(material: Material, number: int) -> tuple[str, Wave]:
    """Return a recorded audience, and claps from two to two hundred hands."""
    count = RECORDING_S * RATE_HZ
    if number < 3:  # noqa: PLR2004 - a third of them
        paths = [*unpack(SOUNDS, FOLDER).rglob("applause.ogg")]
        paths += [*unpack(SOUNDS, FOLDER).rglob("HandClap.wav")][: 1 - material.half]
        return "audience", _lay_out(material, paths, count, pause_s=1.0)
    hands = (2, 5, 10, 30, 60, 100, 200)[number - 3]
    return f"{hands} hands", _clap(material, hands, count)


def make_noise_minute(material: Material, number: int) -> tuple[str, Wave]:
    """Return coloured noise, hum, machines, animals and things."""
    count = RECORDING_S * RATE_HZ
    if number < 3:  # noqa: PLR2004 - the colours
        return f"noise 1/f^{number}", _make_noise(material, count, slope=number)
    if number == 3:  # noqa: PLR2004 - hum
        hum = sum(_tone(50 * part, count) / part for part in range(1, 12))
        return "hum", hum + 0.1 * _make_noise(material, count, slope=1)
    if number == 4:  # noqa: PLR2004 - wind: noise that swells
        swell = np.abs(_make_noise(material, count, slope=2, fastest_hz=1.5))
        return "wind", swell * _make_noise(material, count, slope=1)
    patterns = (("Animal/*",), ("Effects/*",), ("Electronic/*",), ("snd/*.ogg",), ("elec_*.flac",))
    chosen = patterns[number - 5]
    return chosen[0], _lay_out(material, material.pick_files(*chosen), count, pause_s=0.7)


def make_silent_minute(material: Material, number: int) -> tuple[str, Wave]:
    """Return silence, offset, dither, and room tone, from -100 to -30 dB."""
    count = RECORDING_S * RATE_HZ
    if number == 0:
        return "zero", np.zeros(count)
    if number == 1:
        return "offset", np.full(count, 0.05)
    level_db = -100 + 10 * (number - 2)
    room = _make_noise(material, count, slope=1 + number % 2) + 0.2 * _tone(100, count)
    return f"room {level_db} dB", _level(room) * 10 ** (level_db / 20)


def make_breath_minute(material: Material, number: int) -> tuple[str, Wave]:
    """Return breath into a microphone; coughs, sneezes, laughs, screams and a crying baby."""
    count = RECORDING_S * RATE_HZ
    breath = _breathe(material, count, breaths_a_minute=10 + 4 * number)
    if number < 5:  # noqa: PLR2004 - half of them
        return "breath", breath
    paths = material.pick_files("Human/*", "Vocals/BeatBox*", "Vocals/Singer*", "snd/snore.ogg")
    people = _lay_out(material, paths, count, pause_s=1.5)
    return "people", people + 0.2 * breath * (number % 2)


def make_babble_minute(material: Material, number: int) -> tuple[str, Wave]:
    """Return crowds, reversed voices, syllables in disorder, and foreign radio out of tune."""
    count = RECORDING_S * RATE_HZ
    if number < 3:  # noqa: PLR2004 - crowds
        return f"crowd of {5 + number}", _gather(material, 5 + number, count)
    if number < 5:  # noqa: PLR2004 - one reversed voice
        language = VOICES[(2 * number + material.half) % len(VOICES)]
        return f"{language} reversed", material.read_prompts(language, count)[::-1]
    if number == 5:  # noqa: PLR2004 - two
        return "two reversed", _gather(material, 2, count)[::-1]
    if number == 6:  # noqa: PLR2004 - grains
        return "syllables", _shuffle(material, material.read_prompts("it", count), grain_s=0.18)
    voices = (3, 4, 6)[number - 7]
    return f"radio of {voices}", _broadcast(material, _gather(material, voices, count))


KINDS: dict[str, Callable[[Material, int], tuple[str, Wave]]] = {
    "music": make_music_minute,
    "applause": make_applause_minute,
    "noise": make_noise_minute,
    "silence": make_silent_minute,
    "breath": make_breath_minute,
    "babble": make_babble_minute,
}


def _read(path: Path) -> Wave:
    return read_sound(path, rate_hz=RATE_HZ, layout="mono")[:, 0]


def _finish(wave: Wave) -> Samples:
    peak = float(np.abs(wave).max(initial=0.0))
    return (wave * min(1.0, PEAK / peak) if peak else wave).astype(np.float32)


def _level(wave: Wave) -> Wave:
    """Return a sound at -20 dB (RMS)."""
    level = np.sqrt(np.mean(wave**2))
    return wave * (0.1 / level) if level else wave


def _tone(frequency_hz: float, count: int) -> Wave:
    return np.sin(2 * np.pi * frequency_hz * np.arange(count) / RATE_HZ)


def _cut(material: Material, wave: Wave, count: int) -> Wave:
    """Return a random part of a sound, repeated if it is too short."""
    start = int(material.random.integers(max(1, len(wave) - count)))
    return np.resize(wave[start:], count)


def _lay_out(material: Material, paths: list[Path], count: int, *, pause_s: float) -> Wave:
    """Return files in random order with pauses of up to twice ``pause_s`` between them."""
    parts: list[Wave] = []
    while sum(map(len, parts)) < count:
        path = paths[int(material.random.integers(len(paths)))]
        pause = round(2 * pause_s * RATE_HZ * material.random.random())
        parts += [_level(_read(path)[: 20 * RATE_HZ]), np.zeros(pause)]
    return np.concatenate(parts)[:count]


def _make_noise(
    material: Material, count: int, *, slope: float, fastest_hz: float = RATE_HZ / 2
) -> Wave:
    spectrum = np.fft.rfft(material.random.standard_normal(count))
    bins = np.arange(1, len(spectrum))
    spectrum[1:] /= bins ** (slope / 2)
    spectrum[round(fastest_hz * count / RATE_HZ) :] = 0
    spectrum[0] = 0
    return _level(np.fft.irfft(spectrum, count))


def _filter(wave: Wave, lowest_hz: float, highest_hz: float) -> Wave:
    spectrum = np.fft.rfft(wave)
    hertz = np.fft.rfftfreq(len(wave), 1 / RATE_HZ)
    spectrum[(hertz < lowest_hz) | (hertz > highest_hz)] = 0
    return np.fft.irfft(spectrum, len(wave))


def _clap(material: Material, hands: int, count: int) -> Wave:
    """Return the claps of several hands, three per second each."""
    claps = np.zeros(count + RATE_HZ)
    length = round(0.03 * RATE_HZ)
    fading = np.exp(-np.arange(length) / (0.006 * RATE_HZ))
    for start in material.random.integers(0, count, size=3 * hands * RECORDING_S):
        loudness = 0.3 + material.random.random()
        claps[start : start + length] += loudness * fading * material.random.standard_normal(length)
    return _level(_filter(claps, 400, 5000)[:count])


def _breathe(material: Material, count: int, *, breaths_a_minute: int) -> Wave:
    """Return air that goes in fast and bright, and out slower and darker."""
    air_in = _filter(_make_noise(material, count, slope=0.5), 800, 5000)
    air_out = _filter(_make_noise(material, count, slope=1), 200, 2000)
    phase = np.arange(count) / RATE_HZ * breaths_a_minute / 60 % 1
    swell_in = np.sin(np.pi * np.clip(phase / 0.35, 0, 1)) ** 2
    swell_out = np.sin(np.pi * np.clip((phase - 0.45) / 0.4, 0, 1)) ** 2
    return np.asarray(_level(air_in) * swell_in + _level(air_out) * swell_out)


def _gather(material: Material, voices: int, count: int) -> Wave:
    """Return several voices that talk at once, in different languages."""
    shift = int(material.random.integers(len(VOICES)))
    languages = [VOICES[(number + shift) % len(VOICES)] for number in range(voices)]
    spoken = [np.resize(material.read_prompts(language, count), count) for language in languages]
    return np.asarray(np.sum(spoken, axis=0))


def _shuffle(material: Material, wave: Wave, *, grain_s: float) -> Wave:
    grain = round(grain_s * RATE_HZ)
    grains = wave[: len(wave) // grain * grain].reshape(-1, grain)
    fading = np.hanning(grain) ** 0.3
    return np.asarray((material.random.permutation(grains) * fading).ravel())


def _broadcast(material: Material, speech: Wave) -> Wave:
    """Return speech as from a short-wave receiver: narrow, fading, with static and a whistle."""
    count = len(speech)
    fading = 0.3 + np.abs(_make_noise(material, count, slope=1, fastest_hz=0.5)) * 5
    static = _make_noise(material, count, slope=0) * (0.3 + 0.1 * material.half)
    whistle = 0.02 * np.sin(2 * np.pi * np.cumsum(900 + 300 * _tone(0.1, count)) / RATE_HZ)
    return _filter(_level(speech) * fading.clip(0, 1) + static + whistle, 300, 3000)
