"""``make accuracy``: our transcriber against the bare engine, in errors and in seconds.

Both hear the same recordings in the same run, one right after the other. It fails when ours
makes more than one error in a hundred words more, or takes more than 5 % longer.
"""

import re
import sys
import tempfile
import time
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from faster_whisper import WhisperModel

from benchmarks.services.prompts import Reading, fetch_readings
from services.kit.work import JobContext, discard
from services.transcriber.bundled import BUNDLED, ensure_model
from services.transcriber.engine import choose_device
from services.transcriber.keeping import keeper
from services.transcriber.settings import TranscriberSettings
from services.transcriber.work import run

MOST_EXTRA_ERRORS = 0.01
MOST_EXTRA_TIME = 1.05

Hear = Callable[[Reading], str]


@dataclass
class Tally:
    """The errors and the time of one way to transcribe."""

    errors: int = 0
    words: int = 0
    seconds: float = 0.0

    @property
    def error_rate(self) -> float:
        """Return errors per word that was said."""
        return self.errors / self.words

    def add(self, hear: Hear, reading: Reading) -> None:
        """Let it transcribe a reading and count."""
        started = time.perf_counter()
        text = hear(reading)
        seconds = time.perf_counter() - started
        said = split_words(reading.text)
        errors = count_errors(said, split_words(text))
        self.errors += errors
        self.words += len(said)
        self.seconds += seconds
        rate = f"{errors:3} errors in {len(said)} words ({errors / len(said):.1%})"
        print(f"  {reading.language} {hear.__name__:5} {rate}, {seconds:6.1f} s", flush=True)


def split_words(text: str) -> list[str]:
    """Return the words without case, punctuation and accents, which half of the texts lack."""
    letters = unicodedata.normalize("NFKD", text.lower())
    return re.findall(r"\w+", "".join(c for c in letters if not unicodedata.combining(c)))


def count_errors(said: Sequence[str], heard: Sequence[str]) -> int:
    """Return how many words must be changed, added or left out (Levenshtein's distance)."""
    row = list(range(len(heard) + 1))
    for number, word in enumerate(said, start=1):
        diagonal, row[0] = row[0], number
        for column, other in enumerate(heard, start=1):
            changed = diagonal + (word != other)
            diagonal = row[column]
            row[column] = min(changed, row[column] + 1, row[column - 1] + 1)
    return row[-1]


def main() -> None:
    """Print both and fail if ours is worse."""
    settings = TranscriberSettings()
    bare_tally, ours_tally = Tally(), Tally()
    model = settings.whisper_model
    source = str(ensure_model(settings.models_dir)) if model == BUNDLED else model
    device, compute_type = choose_device(settings)
    engine = WhisperModel(source, device=device, compute_type=compute_type)

    def bare(reading: Reading) -> str:
        segments, _ = engine.transcribe(
            str(reading.path),
            language=reading.language,
            beam_size=settings.whisper_beam_size,
            vad_filter=True,
            condition_on_previous_text=False,
            word_timestamps=True,
        )
        return " ".join(segment.text for segment in segments)

    def ours(reading: Reading) -> str:
        with tempfile.TemporaryDirectory() as scratch:
            options = {"language_in": reading.language}
            context = JobContext("accuracy", options, Path(scratch), discard, reading.path)
            return str(run(context, settings).documents["text"]["text"])

    with keeper.borrow(settings):  # as the bare engine, it is loaded before the clock starts
        for reading in fetch_readings():
            bare_tally.add(bare, reading)
            ours_tally.add(ours, reading)
    print(f"model {model} on {device} as {compute_type}, {ours_tally.words} words")
    for name, tally in (("bare engine", bare_tally), ("ours", ours_tally)):
        print(f"{name:11} word error rate {tally.error_rate:.3f}, {tally.seconds:.1f} s")
    extra_time = ours_tally.seconds / bare_tally.seconds
    print(f"time of ours against the bare engine: {extra_time:.2f} x")
    if ours_tally.error_rate > bare_tally.error_rate + MOST_EXTRA_ERRORS:
        sys.exit("Ours is less accurate than the bare engine.")
    if extra_time > MOST_EXTRA_TIME:
        sys.exit("Ours is slower than the bare engine.")


if __name__ == "__main__":
    main()
