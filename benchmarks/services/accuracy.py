"""``make accuracy``: errors and time of our transcriber, compared with the bare engine.

Both transcribe the same recordings alternately in ``ROUNDS`` rounds; results are medians. Then it
measures word times and words invented in recordings without speech. It fails if

- ours has more errors than the bare engine in a language, or not fewer in total;
- ours takes more than ``MOST_TIME`` of the bare engine's time;
- more than ``MOST_FALSE_MARKS`` of the correct segments are marked as doubtful;
- words after pauses start too early or too late (``benchmarks.services.word_times``);
- an invented segment is not marked (``benchmarks.services.invented``).
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
from services.transcriber.engine_cache import engine_cache
from services.transcriber.settings import TranscriberSettings
from services.transcriber.work import run

ROUNDS = 3
TIME_BEFORE = 0.56
"""Time relative to the bare engine before gaps were transcribed again, in one run."""
MOST_TIME = 1.05 * TIME_BEFORE
MOST_FALSE_MARKS = 0.02

Transcription = Mapping[str, Any]
Transcribe = Callable[[Reading], Transcription]


@dataclass
class Tally:
    """The errors and the time of a transcriber, by language and round."""

    transcribe: Transcribe
    errors: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def add(self, reading: Reading) -> Transcription:
        """Transcribe a reading, count its errors and return the transcription."""
        started = time.perf_counter()
        transcription = self.transcribe(reading)
        self.seconds[reading.language].append(time.perf_counter() - started)
        errors = count_errors(split_words(reading.text), split_words(transcription["full_text"]))
        self.errors[reading.language].append(errors)
        return transcription

    def count_errors(self, language: str) -> int:
        """Return the median number of errors in a language."""
        return int(median(self.errors[language]))

    @property
    def all_errors(self) -> int:
        """Return the errors in all languages."""
        return sum(map(self.count_errors, self.errors))

    @property
    def all_seconds(self) -> float:
        """Return the median time of a round."""
        return median(map(sum, zip(*self.seconds.values(), strict=True)))


@dataclass
class Marks:
    """The number of correct segments of real speech, and of marked ones among them."""

    right: int = 0
    marked: int = 0

    def add(self, reading: Reading, transcription: Transcription) -> None:
        """Count the segments of a transcription."""
        right = find_right(transcription["segments"], split_words(reading.text))
        self.right += len(right)
        for segment in right:
            if is_marked(segment, transcription):
                self.marked += 1
                print(f"  correct, but marked: {reading.language}: {segment['text']!r}")

    @property
    def part(self) -> float:
        """Return the share of correct segments that are marked."""
        return self.marked / max(1, self.right)


def make_transcribers(settings: TranscriberSettings) -> tuple[Transcribe, Transcribe]:
    """Return the bare engine and ours as functions from a reading to a transcription."""
    model = settings.whisper_model
    source = str(ensure_model(settings.models_dir)) if model == BUNDLED else model
    device, compute_type = choose_device(settings)
    print(f"model {model} on {device} as {compute_type}")
    engine = WhisperModel(
        source, device=device, compute_type=compute_type, cpu_threads=settings.whisper_cpu_threads
    )

    def transcribe_bare(reading: Reading) -> Transcription:
        segments, _ = engine.transcribe(
            str(reading.path),
            language=reading.language,
            beam_size=settings.whisper_beam_size,
            vad_filter=True,
            condition_on_previous_text=False,
            word_timestamps=True,
        )
        return {"full_text": " ".join(segment.text for segment in segments)}

    def transcribe_ours(reading: Reading) -> Transcription:
        with tempfile.TemporaryDirectory() as scratch:
            options = {"language_in": reading.language}
            context = JobContext("accuracy", options, Path(scratch), discard, reading.path)
            transcription: Transcription = run(context, settings).documents["transcription"]
        return transcription

    return transcribe_bare, transcribe_ours


def compare(readings: Sequence[Reading], settings: TranscriberSettings) -> list[str]:
    """Print the errors and the time of both; return the exceeded limits."""
    bare, ours = map(Tally, make_transcribers(settings))
    marks = Marks()
    with engine_cache.borrow(settings):  # loaded before the measurement, like the bare engine
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
    print(f"total errors: {ours.all_errors}, bare engine {bare.all_errors}")
    if ours.all_errors >= bare.all_errors:
        missed.append("not fewer errors than the bare engine")
    part = ours.all_seconds / bare.all_seconds
    print(f"time: {ours.all_seconds:.1f} s, {part:.2f} of the bare engine's (most {MOST_TIME:.2f})")
    if part > MOST_TIME:
        missed.append("slower than before")
    print(f"correct segments that are marked: {marks.marked} of {marks.right} ({marks.part:.1%})")
    if marks.part > MOST_FALSE_MARKS:
        missed.append("too many correct segments are marked")
    return missed


def main() -> None:
    """Print all measurements and fail if a limit is exceeded."""
    missed = compare(fetch_readings(), TranscriberSettings())
    median_s, p95_s = measure_word_times()
    if median_s > MOST_MEDIAN_S or p95_s > MOST_P95_S:
        missed.append("words after pauses have wrong start times")
    if count_invented(make_recordings(REPORTED)):
        missed.append("invented words are not marked")
    if missed:
        sys.exit(f"Missed: {'; '.join(missed)}.")


if __name__ == "__main__":
    main()
