"""Accuracy of word starts, in recordings with known pauses.

``python -m benchmarks.services.word_times`` joins prompts with pauses of 0.5 to 5 s, transcribes
them and compares the start of the first word after each pause with two references:

- *onsets*: where the energy of the prompt rises. The transcriber also corrects times by energy, so
  this reference favours it.
- *splices*: pauses inserted into running speech (``benchmarks.services.splices``). Their ends are
  known to the sample, whatever the energy.

It fails if either error exceeds ``MOST_MEDIAN_S`` or, for the 95th percentile, ``MOST_P95_S``.
"""

import difflib
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.services.prompts import LANGUAGES, list_prompts, unpack_prompts
from benchmarks.services.signals import read_sound, write_sound
from benchmarks.services.splices import choose_positions, insert_pauses
from benchmarks.services.texts import split_words
from services.kit.work import JobContext, discard
from services.transcriber.work import run

MOST_MEDIAN_S = 0.060
MOST_P95_S = 0.200
LEAST_FOUND = 0.8
"""Minimum share of recognized first words; the start of a wrong word is meaningless."""

RATE_HZ = 16_000
PROMPTS_EACH = 30
SHORTEST_PROMPT_S = 1.0
PAUSES_S = (0.5, 5.0)
FLOORS_DB = {"en": -75, "es": -55, "fr": -45}
"""Level of background noise; the voices are at -20 dB."""
HOP, WINDOW = RATE_HZ // 200, RATE_HZ // 100
AUDIBLE_DB, LOUD_DB = -40, -22  # relative to the voice's peaks
STAYS_FOR = 6  # times 5 ms
SURE_S = 0.06
"""A prompt that takes longer from audible to loud has no certain onset and is left out."""
LEAD_S = 0.02

Wave = NDArray[np.float64]


@dataclass(frozen=True)
class Spaced:
    """Prompts with pauses between them."""

    language: str
    wave: Wave
    prompts: tuple[tuple[str, float], ...]
    """The texts and their starts in seconds."""


def find_onset(wave: Wave) -> float | None:
    """Return the start of a voice in a recording without noise, or ``None`` if uncertain."""
    squares = np.square(wave[: len(wave) // HOP * HOP]).reshape(-1, HOP).mean(axis=1)
    levels_db = 10 * np.log10((squares[1:] + squares[:-1]) / 2 + 1e-12)
    peak_db = np.percentile(levels_db, 95)
    positions = []
    for threshold_db in (AUDIBLE_DB, LOUD_DB):
        above = (levels_db > peak_db + threshold_db).astype(int)
        staying = np.flatnonzero(np.convolve(above, np.ones(STAYS_FOR), "valid") == STAYS_FOR)
        positions.append(int(staying[0]) if len(staying) else len(levels_db))
    audible, loud = positions
    is_sure = loud < len(levels_db) and (loud - audible) * HOP <= SURE_S * RATE_HZ
    return audible * HOP / RATE_HZ if is_sure else None


def space_prompts(language: str) -> Spaced:
    """Return prompts of a language with pauses and background noise, in a fixed random order."""
    random = np.random.default_rng(seed=7)
    prompts = list(list_prompts(language, unpack_prompts(language)))
    parts: list[Wave] = []
    placed: list[tuple[str, float]] = []
    passed = 0
    for number in random.permutation(len(prompts)):
        text, path = prompts[int(number)]
        wave = read_sound(path, rate_hz=RATE_HZ, layout="mono")[:, 0]
        onset_s = find_onset(wave)
        if onset_s is None or len(wave) < SHORTEST_PROMPT_S * RATE_HZ:
            continue
        lead = min(round(LEAD_S * RATE_HZ), round(onset_s * RATE_HZ))
        voice = wave[round(onset_s * RATE_HZ) - lead :]
        pause = round(random.uniform(*PAUSES_S) * RATE_HZ)
        placed.append((text, (passed + pause + lead) / RATE_HZ))
        parts += [np.zeros(pause), voice * (0.1 / np.sqrt(np.mean(voice**2)))]
        passed += pause + len(voice)
        if len(placed) == PROMPTS_EACH:
            break
    wave = np.concatenate(parts)
    room = random.standard_normal(len(wave)) * 10 ** (FLOORS_DB[language] / 20)
    return Spaced(language, wave + room, tuple(placed))


def find_errors(spaced: Spaced, words: Sequence[Mapping[str, Any]]) -> list[float]:
    """Return the seconds by which recognized first words start too late (negative: too early).

    Args:
        spaced: The prompts.
        words: The words of a transcription.
    """
    said: list[str] = []
    starts_s: dict[int, float] = {}
    for text, start_s in spaced.prompts:
        starts_s[len(said)] = start_s
        said += split_words(text)
    transcribed = [(part, word) for word in words for part in split_words(word["word"])[:1]]
    matcher = difflib.SequenceMatcher(None, said, [part for part, _ in transcribed], autojunk=False)
    return [
        float(transcribed[block.b + number - block.a][1]["start"]) - start_s
        for block in matcher.get_matching_blocks()
        for number, start_s in starts_s.items()
        if block.a <= number < block.a + block.size
    ]


def measure_word_times() -> tuple[float, float]:
    """Print the errors of each language; return the larger median and 95th percentile.

    Raises:
        SystemExit: Too few of the words were recognized.
    """
    onsets, splices = Measurement("onsets"), Measurement("splices")
    for language in LANGUAGES:
        spaced = space_prompts(language)
        words = transcribe_words(spaced)
        onsets.add(spaced, words)
        positions = choose_positions(spaced.wave, words)
        spliced = Spaced(
            language,
            *insert_pauses(spaced.wave, words, positions, floor_db=FLOORS_DB[language]),
        )
        splices.add(spliced, transcribe_words(spliced))
    found = [one.summarize() for one in (onsets, splices)]
    return max(median_s for median_s, _ in found), max(p95_s for _, p95_s in found)


@dataclass
class Measurement:
    """The errors relative to one kind of reference."""

    kind: str
    errors_s: list[float] = field(default_factory=list)
    count: int = 0

    def add(self, spaced: Spaced, words: Sequence[Mapping[str, Any]]) -> None:
        """Print and add the errors of a recording."""
        found = find_errors(spaced, words)
        pauses = f"{len(found)} of {len(spaced.prompts)} pauses"
        print(f"  {self.kind} {spaced.language} {pauses}: {describe(found)}", flush=True)
        self.errors_s += found
        self.count += len(spaced.prompts)

    def summarize(self) -> tuple[float, float]:
        """Print all errors; return their median and 95th percentile.

        Raises:
            SystemExit: Too few of the words were recognized.
        """
        print(f"word starts after pauses, {self.kind}: {describe(self.errors_s)}", flush=True)
        if len(self.errors_s) < LEAST_FOUND * self.count:
            sys.exit("Too few words after pauses are recognized.")
        median_s, p95_s = np.percentile(np.abs(self.errors_s), [50, 95])
        return float(median_s), float(p95_s)


def describe(errors_s: Sequence[float]) -> str:
    """Return a text with the sizes of errors and their sign."""
    median_s, p95_s, worst_s = np.percentile(np.abs(errors_s), [50, 95, 100])
    sizes = f"median {median_s * 1000:.0f} ms, p95 {p95_s * 1000:.0f} ms, most {worst_s:.2f} s"
    return f"{sizes}; signed median {np.median(errors_s) * 1000:+.0f} ms"


def transcribe_words(spaced: Spaced) -> list[dict[str, Any]]:
    """Return the words of the transcription."""
    with tempfile.TemporaryDirectory() as scratch:
        path = write_sound(Path(scratch) / "spaced.wav", spaced.wave[:, None], rate_hz=RATE_HZ)
        options = {"language_in": spaced.language}
        artifact = run(JobContext("word-times", options, Path(scratch), discard, path))
    segments = artifact.documents["transcription"]["segments"]
    return [word for segment in segments for word in segment["words"]]


def main() -> None:
    """Print the errors and fail if they are too large."""
    median_s, p95_s = measure_word_times()
    if median_s > MOST_MEDIAN_S or p95_s > MOST_P95_S:
        sys.exit("Word starts are inaccurate.")


if __name__ == "__main__":
    main()
