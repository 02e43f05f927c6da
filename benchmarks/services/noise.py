"""The effect of noise removal on noise and on the words of clean speech.

``python -m benchmarks.services.noise`` transcribes a reading of 400 words unchanged, normalized
without noise removal and normalized with it. It fails if noise removal causes additional errors in
clean speech, or gains less than ``LEAST_GAIN_DB`` in noisy speech. It also prints the errors in
noisy speech.
"""

import sys
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.services.prompts import Reading, fetch_readings
from benchmarks.services.signals import Sound, read_sound, write_sound
from benchmarks.services.texts import count_errors, split_words
from services.kit.work import JobContext, discard
from services.normalizer.work import run as normalize
from services.transcriber.work import run as transcribe

RATE_HZ = 16_000
NOISE_BELOW_DB = 10.0
LEAST_GAIN_DB = 6.0
SILENT = 1e-3
PAUSE_S = 0.4  # a margin, so that no echo of a word counts as noise


def add_noise(clean: Sound) -> Sound:
    """Return speech with pink noise at a level relative to the speech."""
    draw = np.random.default_rng(seed=1).standard_normal(len(clean))
    spectrum = np.fft.rfft(draw)
    spectrum[1:] /= np.sqrt(np.arange(1, len(spectrum)))
    noise = np.fft.irfft(spectrum, len(clean))[:, np.newaxis]
    level = np.sqrt(np.mean(clean[~find_pauses(clean)] ** 2)) / 10 ** (NOISE_BELOW_DB / 20)
    return np.asarray(clean + noise * (level / np.sqrt(np.mean(noise**2))))


def find_pauses(clean: Sound) -> NDArray[np.bool_]:
    """Return a mask of samples in the middle of a pause."""
    half = round(PAUSE_S * RATE_HZ)
    loud = np.pad(np.abs(clean[:, 0]) > SILENT, half)
    passed = np.concatenate([[0], np.cumsum(loud)])
    return np.asarray(passed[2 * half :] - passed[: -2 * half] == 0)[: len(clean)]


def measure_ratio_db(sound: Sound, clean: Sound) -> float:
    """Return the ratio of the level of speech to that of its pauses."""
    length = min(len(sound), len(clean))
    pauses = find_pauses(clean[:length])
    voice, rest = (np.mean(sound[:length][which] ** 2) for which in (~pauses, pauses))
    return float(10 * np.log10(voice / rest))


def normalize_file(source: Path, folder: Path, *, remove_noise: bool) -> Path:
    """Return the normalized file."""
    folder.mkdir()
    options = {"remove_noise": str(remove_noise).lower(), "output_format": "wav"}
    return normalize(JobContext("noise", options, folder, discard, source)).path


def count_wrong_words(path: Path, reading: Reading, folder: Path) -> int:
    """Return the number of wrong words in the transcript of a reading."""
    folder.mkdir()
    options = {"language_in": reading.language}
    transcribed = transcribe(JobContext("noise", options, folder, discard, path))
    text = transcribed.documents["text"]["text"]
    return count_errors(split_words(reading.text), split_words(text))


def compare(name: str, source: Path, reading: Reading, scratch: Path) -> dict[bool, int]:
    """Print the errors with and without noise removal; return both."""
    errors = {}
    for remove_noise in (False, True):
        folder = scratch / f"{name}-{remove_noise}"
        folder.mkdir()
        path = normalize_file(source, folder / "audio", remove_noise=remove_noise)
        errors[remove_noise] = count_wrong_words(path, reading, folder / "text")
    words = len(split_words(reading.text))
    counts = f"{errors[False]} errors without removal, {errors[True]} with it"
    print(f"{name} speech, {words} words: {counts}", flush=True)
    return errors


def main() -> None:
    """Print gain and errors of noise removal, and fail if a limit is exceeded."""
    reading = fetch_readings()[0]
    clean = read_sound(reading.path, rate_hz=RATE_HZ, layout="mono")
    with tempfile.TemporaryDirectory() as directory:
        scratch = Path(directory)
        errors = compare("clean", reading.path, reading, scratch)
        noisy = write_sound(scratch / "noisy.wav", add_noise(clean), rate_hz=RATE_HZ)
        compare("noisy", noisy, reading, scratch)
        ratios_db = {}
        for remove_noise in (False, True):
            path = normalize_file(noisy, scratch / str(remove_noise), remove_noise=remove_noise)
            sound = read_sound(path, rate_hz=RATE_HZ, layout="mono")
            ratios_db[remove_noise] = measure_ratio_db(sound, clean)
    gain_db = ratios_db[True] - ratios_db[False]
    ratios = f"{ratios_db[False]:.1f} dB without removal, {ratios_db[True]:.1f} dB with it"
    print(f"speech above noise: {ratios}, gain {gain_db:.1f} dB")
    if errors[True] > errors[False]:
        sys.exit("Noise removal causes errors in clean speech.")
    if gain_db < LEAST_GAIN_DB:
        sys.exit("Noise removal leaves too much of the noise.")


if __name__ == "__main__":
    main()
