"""Words invented in recordings without speech.

``python -m benchmarks.services.invented`` transcribes an hour of music, applause, noise, silence,
breath and babble, with language detection and as English. It fails if a segment is not marked as
doubtful. ``--half 0`` uses the half that the rule was calibrated with.
"""

import argparse
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.services.marks import is_marked
from benchmarks.services.signals import write_sound
from benchmarks.services.wordless import RATE_HZ, Recording, make_recordings
from services.kit.work import JobContext, discard
from services.transcriber.work import run

REPORTED = 1
ASKED = ("auto", "en")


def transcribe(recording: Recording, language: str) -> dict[str, Any]:
    """Return the transcription of a recording."""
    with tempfile.TemporaryDirectory() as scratch:
        samples = recording.samples[:, np.newaxis].astype(np.float64)
        path = write_sound(Path(scratch) / "wordless.wav", samples, rate_hz=RATE_HZ)
        context = JobContext("invented", {"language_in": language}, Path(scratch), discard, path)
        transcription: dict[str, Any] = run(context).documents["transcription"]
    return transcription


def count_invented(recordings: Iterable[Recording]) -> int:
    """Print the segments of each kind of recording; return the number of unmarked ones."""
    minutes, segments, unmarked = Counter[str](), Counter[str](), Counter[str]()
    started = time.perf_counter()
    for recording in recordings:
        minutes[recording.kind] += 1
        for language in ASKED:
            transcription = transcribe(recording, language)
            for segment in transcription["segments"]:
                segments[recording.kind] += 1
                if not is_marked(segment, transcription):
                    unmarked[recording.kind] += 1
                    where = f"{recording.kind} ({recording.name}), {language}"
                    print(f"  not marked: {where}: {segment['text']!r}", flush=True)
    for kind, count in minutes.items():
        counts = f"{segments[kind]} segments, {unmarked[kind]} not marked"
        print(f"  {kind:8} {count} min: {counts}")
    seconds = time.perf_counter() - started
    total = f"{unmarked.total()} of {segments.total()} segments not marked"
    print(f"invented in {minutes.total()} min: {total}, {seconds:.0f} s", flush=True)
    return unmarked.total()


def main() -> None:
    """Print the counts and fail if an invented segment is not marked."""
    parser = argparse.ArgumentParser(
        description="Count words invented in recordings without speech."
    )
    parser.add_argument("--half", type=int, choices=(0, 1), default=REPORTED)
    if count_invented(make_recordings(parser.parse_args().half)):
        sys.exit("Words are invented.")


if __name__ == "__main__":
    main()
