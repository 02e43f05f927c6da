"""``make accuracy``: our transcriber against the bare engine, in errors and in seconds.

Both hear the same recordings in turns, ``ROUNDS`` times; medians count. After that it measures
when words start, and what is invented where nobody says a word. It fails when one of these holds:

- ours makes more errors than the bare engine in a language, or not fewer in all;
- ours takes more than ``MOST_TIME`` of the bare engine's time;
- more than ``MOST_FALSE_MARKS`` of the right segments are marked as doubtful;
- words after pauses start too early or too late (``benchmarks.services.word_times``);
- a segment without a mark is invented (``benchmarks.services.invented``).
"""

import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from faster_whisper import WhisperModel

from benchmarks.services.invented import REPORTED, count_invented
from benchmarks.services.marks import find_right, is_marked
from benchmarks.services.prompts import Reading, fetch_readings
from benchmarks.services.texts import count_errors, split_words
from benchmarks.services.word_times import MOST_MEDIAN_S, MOST_P95_S, measure_word_times
from benchmarks.services.wordless import make_recordings
from services.kit.work import JobContext, discard
from services.transcriber.bundled import BUNDLED, ensure_model
from services.transcriber.engine import choose_device
from services.transcriber.keeping import keeper
from services.transcriber.settings import TranscriberSettings
from services.transcriber.work import run

ROUNDS = 3
TIME_BEFORE = 0.56
"""The time of ours against the bare engine's before gaps were transcribed again, in one run."""
MOST_TIME = 1.05 * TIME_BEFORE
MOST_FALSE_MARKS = 0.02

Transcription = Mapping[str, Any]
Hear = Callable[[Reading], Transcription]


@dataclass
class Tally:
    """The errors and the time of one way to transcribe, by language and round."""

    hear: Hear
    errors: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def add(self, reading: Reading) -> Transcription:
        """Transcribe a reading, count its errors and return what was heard."""
        started = time.perf_counter()
        heard = self.hear(reading)
        self.seconds[reading.language].append(time.perf_counter() - started)
        errors = count_errors(split_words(reading.text), split_words(heard["full_text"]))
        self.errors[reading.language].append(errors)
        return heard

    def count_errors(self, language: str) -> int:
        """Return the errors in a language, the median of all rounds."""
        return int(median(self.errors[language]))

    @property
    def all_errors(self) -> int:
        """Return the errors in all languages."""
        return sum(map(self.count_errors, self.errors))

    @property
    def all_seconds(self) -> float:
        """Return the time that a round takes, the median of all rounds."""
        return median(map(sum, zip(*self.seconds.values(), strict=True)))


@dataclass
class Marks:
    """How many segments of real speech are right, and how many of those are marked."""

    right: int = 0
    marked: int = 0

    def add(self, reading: Reading, transcription: Transcription) -> None:
        """Count the segments of a transcription."""
        right = find_right(transcription["segments"], split_words(reading.text))
        self.right += len(right)
        for segment in right:
            if is_marked(segment, transcription):
                self.marked += 1
                print(f"  right, but marked: {reading.language}: {segment['text']!r}")

    @property
    def part(self) -> float:
        """Return the part of the right segments that is marked."""
        return self.marked / max(1, self.right)


def make_hearers(settings: TranscriberSettings) -> tuple[Hear, Hear]:
    """Return the bare engine and ours as functions from a reading to a transcription."""
    model = settings.whisper_model
    source = str(ensure_model(settings.models_dir)) if model == BUNDLED else model
    device, compute_type = choose_device(settings)
    print(f"model {model} on {device} as {compute_type}")
    engine = WhisperModel(
        source, device=device, compute_type=compute_type, cpu_threads=settings.whisper_cpu_threads
    )

    def hear_bare(reading: Reading) -> Transcription:
        segments, _ = engine.transcribe(
            str(reading.path),
            language=reading.language,
            beam_size=settings.whisper_beam_size,
            vad_filter=True,
            condition_on_previous_text=False,
            word_timestamps=True,
        )
        return {"full_text": " ".join(segment.text for segment in segments)}

    def hear_ours(reading: Reading) -> Transcription:
        with tempfile.TemporaryDirectory() as scratch:
            options = {"language_in": reading.language}
            context = JobContext("accuracy", options, Path(scratch), discard, reading.path)
            transcription: Transcription = run(context, settings).documents["transcription"]
        return transcription

    return hear_bare, hear_ours


def compare(readings: Sequence[Reading], settings: TranscriberSettings) -> list[str]:
    """Print the errors and the time of both; return what is worse than it may be."""
    bare, ours = map(Tally, make_hearers(settings))
    marks = Marks()
    with keeper.borrow(settings):  # as the bare engine, it is loaded before the clock starts
        for number in range(1, ROUNDS + 1):
            for reading in readings:
                bare.add(reading)
                transcription = ours.add(reading)
                if number == ROUNDS:
                    marks.add(reading, transcription)
            print(f"  round {number} of {ROUNDS}", flush=True)
    missed = []
    for reading in readings:
        language, words = reading.language, len(split_words(reading.text))
        errors = ours.count_errors(language), bare.count_errors(language)
        print(f"  {language} {words} words: {errors[0]} errors, bare engine {errors[1]}")
        if errors[0] > errors[1]:
            missed.append(f"more errors than the bare engine in {language}")
    print(f"errors in all: {ours.all_errors}, bare engine {bare.all_errors}")
    if ours.all_errors >= bare.all_errors:
        missed.append("not fewer errors than the bare engine")
    part = ours.all_seconds / bare.all_seconds
    print(f"time: {ours.all_seconds:.1f} s, {part:.2f} of the bare engine's (most {MOST_TIME:.2f})")
    if part > MOST_TIME:
        missed.append("slower than before")
    print(f"right segments that are marked: {marks.marked} of {marks.right} ({marks.part:.1%})")
    if marks.part > MOST_FALSE_MARKS:
        missed.append("too many right segments are marked")
    return missed


def main() -> None:
    """Print all measurements and fail if one misses its limit."""
    missed = compare(fetch_readings(), TranscriberSettings())
    median_s, p95_s = measure_word_times()
    if median_s > MOST_MEDIAN_S or p95_s > MOST_P95_S:
        missed.append("words after pauses do not start when they are said")
    if count_invented(make_recordings(REPORTED)):
        missed.append("words are invented without a mark")
    if missed:
        sys.exit(f"Missed: {'; '.join(missed)}.")


if __name__ == "__main__":
    main()
