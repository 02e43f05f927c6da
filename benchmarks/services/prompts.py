"""Recorded prompts with their texts, from the Debian packages of Asterisk's sounds (CC-BY-SA).

They are downloaded on first use and kept in ``var``; nothing of them is committed.
"""

import gzip
import re
import wave
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.services.packages import unpack

FOLDER = Path("var/prompts")
LANGUAGES = ("en", "es", "fr")
WORDS_EACH = 400
FEWEST_WORDS = 6
PAUSE_S = 1
# Digits are spoken as words; text in brackets or with an ellipsis is a hint to the speaker.
NOT_SPOKEN = re.compile(r"[\d\[\]()<>*#/&]|\.\.\.")
LINE = re.compile(r"([\w/-]+)\s*:\s*(.+)")


@dataclass(frozen=True)
class Reading:
    """A recording of many prompts and its text."""

    language: str
    path: Path
    text: str


def fetch_readings(languages: Sequence[str] = LANGUAGES) -> list[Reading]:
    """Return a reading in each language, generated from the packages at first use."""
    return [_make_reading(language, unpack_prompts(language)) for language in languages]


def unpack_prompts(language: str) -> Path:
    """Return the folder with a language's prompts and their texts."""
    name = f"asterisk-core-sounds-{language}"  # the texts; the other package has the recordings
    return unpack([name, f"{name}-wav"], FOLDER / language)


def _make_reading(language: str, folder: Path) -> Reading:
    target = folder / "reading.wav"
    spoken: list[str] = []
    with wave.open(str(target), "wb") as reading:
        for text, recording in list_prompts(language, folder):
            with wave.open(str(recording)) as prompt:
                if not spoken:
                    reading.setparams(prompt.getparams())
                reading.writeframes(prompt.readframes(prompt.getnframes()))
                reading.writeframes(bytes(2 * PAUSE_S * prompt.getframerate()))
            spoken.append(text)
            if len(" ".join(spoken).split()) >= WORDS_EACH:
                break
    return Reading(language, target, " ".join(spoken))


def list_prompts(language: str, folder: Path) -> Iterator[tuple[str, Path]]:
    """Yield the texts with their recordings."""
    texts = next(folder.rglob(f"core-sounds-{language}.txt.gz"))
    for line in gzip.decompress(texts.read_bytes()).decode().splitlines():
        found = LINE.fullmatch(line.strip())
        if found and _is_usable(found[2]):
            recording = next(folder.glob(f"usr/share/asterisk/sounds/*/{found[1]}.wav"), None)
            if recording:
                yield found[2], recording


def _is_usable(text: str) -> bool:
    return len(text.split()) >= FEWEST_WORDS and not NOT_SPOKEN.search(text)
