"""Synthesized sounds for measurements, and the similarity of two sounds."""

import wave
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

Sound = NDArray[np.float64]
"""Samples from -1 to 1, shape (instants, channels)."""

BEAT_S = 0.5
CHORDS_HZ = ((220, 261.6, 329.6), (174.6, 220, 261.6), (196, 246.9, 293.7), (130.8, 164.8, 196))
HARMONICS = 8
CLIP_PEAK = 0.9


def read_sound(path: Path, *, rate_hz: int, layout: str = "stereo") -> Sound:
    """Return a whole recording."""
    resampler = av.AudioResampler(format="fltp", layout=layout, rate=rate_hz)
    parts = []
    with av.open(str(path)) as container:
        for frame in container.decode(audio=0):
            frame.pts = None
            parts += resampler.resample(frame)
    parts += resampler.resample(None)
    return np.concatenate([part.to_ndarray() for part in parts], axis=1).T.astype(np.float64)


def write_sound(path: Path, sound: Sound, *, rate_hz: int) -> Path:
    """Write a sound as 16-bit WAV."""
    with wave.open(str(path), "wb") as file:
        file.setparams((sound.shape[1], 2, rate_hz, 0, "NONE", "not compressed"))
        file.writeframes((sound.clip(-1, 1) * 32_767).astype("<i2").tobytes())
    return path


def make_music(count: int, *, rate_hz: int) -> Sound:
    """Return a number of samples of a small band: four chords, a bass, a drum and a hi-hat."""
    music = np.zeros((count, 2))
    noise = np.random.default_rng(seed=1)
    beat = round(BEAT_S * rate_hz)
    for number, start in enumerate(range(0, count, beat)):
        part = music[start : start + beat]
        time_s = np.arange(len(part)) / rate_hz
        _play_chord(part, time_s, CHORDS_HZ[number // 4 % len(CHORDS_HZ)])
        hat = 0.15 * noise.standard_normal(len(part)) * np.exp(-time_s * (15 + 25 * (number % 2)))
        part += hat[:, np.newaxis]
        if number % 2 == 0:
            sweep_hz = 50 + 80 * np.exp(-30 * time_s)
            part += (0.5 * np.sin(2 * np.pi * sweep_hz * time_s) * np.exp(-10 * time_s))[:, None]
    return music


def _play_chord(part: Sound, time_s: Sound, chord_hz: tuple[float, ...]) -> None:
    fading = 0.1 * np.exp(-3 * time_s)
    for place, tone_hz in enumerate((*chord_hz, chord_hz[0] / 2)):
        left = 0.3 + 0.4 * place / 3
        for harmonic in range(1, HARMONICS + 1):
            wave_form = np.sin(2 * np.pi * tone_hz * harmonic * time_s)
            part += np.outer(fading * wave_form / harmonic**1.2, [left, 1 - left])


def mix(wanted: Sound, other: Sound, *, ratio_db: float) -> Sound:
    """Return the mix of both at a level ratio in decibels, without clipping."""
    gain = np.sqrt(np.sum(wanted**2) / np.sum(other**2) / 10 ** (ratio_db / 10))
    both = wanted + gain * other
    scaled: Sound = both * (CLIP_PEAK / np.abs(both).max())
    return scaled


def measure_si_sdr_db(sound: Sound, wanted: Sound) -> float:
    """Return the SI-SDR of a sound relative to the wanted one (Le Roux et al. 2019)."""
    mixed, reference = sound.mean(axis=1), wanted.mean(axis=1)
    length = min(len(mixed), len(reference))
    mixed, reference = mixed[:length], reference[:length]
    target = (mixed @ reference) / (reference @ reference) * reference
    rest = mixed - target
    return float(10 * np.log10((target @ target) / (rest @ rest)))
