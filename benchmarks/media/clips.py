"""The clips of ``samples/`` for the inputs, with their words and start times."""

import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

Sound = NDArray[np.float32]
"""Shape (channels, samples), from -1 to 1."""

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
_SPELLINGS = {"mr": "mister"}


@dataclass(frozen=True)
class SpokenWord:
    """A word of a clip and its start, in seconds from the start of the clip."""

    word: str
    start_s: float


@dataclass(frozen=True)
class Clip:
    """A recording whose words are known.

    Starts after a pause are from the energy of the sound, the others from the recognizer on the
    clean clip; both are accurate to about 0.1 s.
    """

    file: str
    language: str
    length_s: float
    words: tuple[SpokenWord, ...]


def _clip(file: str, language: str, length_s: float, timed: str) -> Clip:
    parts = timed.split()
    words = zip(parts[::2], map(float, parts[1::2]), strict=True)
    return Clip(file, language, length_s, tuple(SpokenWord(*pair) for pair in words))


_BOOK = "sense_and_sensibility_01_austen_64kb"
# The first word of `jfk` follows a third of a second of breath, which recognizers may include:
# 0.15 s accepts both.
CLIPS = {
    "jfk": _clip(
        "jfk.wav",
        "en",
        11.0,
        "and 0.15 so 0.6 my 0.84 fellow 1.2 americans 1.58 ask 3.29 not 3.98 what 5.41 your 5.6 "
        "country 5.8 can 6.24 do 6.62 for 6.82 you 7.08 ask 8.19 what 8.5 you 8.76 can 9.04 "
        "do 9.32 for 9.56 your 9.78 country 9.96",
    ),
    "pt": _clip(
        "pt_pangrama.wav",
        "pt",
        3.516,
        "a 0.05 rapida 0.12 raposa 0.48 marrom 1.08 salta 1.36 sobre 1.82 o 2.06 cachorro 2.18 "
        "preguicoso 2.52",
    ),
    "austen": _clip(
        f"{_BOOK}-0870.wav",
        "en",
        7.1,
        "and 0.07 mister 0.34 john 0.64 dashwood 0.94 had 1.5 then 1.76 leisure 2.02 to 2.56 "
        "consider 2.86 how 3.36 much 3.74 there 4.22 might 4.5 be 4.7 prudently 4.92 in 5.42 "
        "his 5.58 power 5.74 to 5.96 do 6.16 for 6.3 them 6.58",
    ),
    "man": _clip(
        f"{_BOOK}-0880.wav",
        "en",
        2.99,
        "he 0.05 was 0.34 not 0.52 an 0.8 ill 1.3 disposed 1.46 young 2.02 man 2.28",
    ),
    "unless": _clip(
        f"{_BOOK}-0890.wav",
        "en",
        5.3,
        "unless 0.28 to 0.48 be 0.72 rather 0.84 cold 1.16 hearted 1.6 and 2.0 rather 2.36 "
        "selfish 2.7 is 3.28 to 3.84 be 3.98 ill 4.14 disposed 4.34",
    ),
}


def split_words(text: str) -> list[str]:
    """Return the words without case, punctuation and accents, numbers and titles as spoken."""
    letters = unicodedata.normalize("NFKD", text.lower())
    plain = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return [_SPELLINGS.get(word, word) for word in re.findall(r"\w+", plain)]


@cache
def load_clip(name: str, rate_hz: int = 16_000) -> Sound:
    """Return a clip in mono, shape (samples,)."""
    resampler = av.AudioResampler(format="flt", layout="mono", rate=rate_hz)
    parts = []
    with av.open(str(SAMPLES / CLIPS[name].file)) as container:
        for frame in container.decode(audio=0):
            frame.pts = None
            parts += resampler.resample(frame)
    parts += resampler.resample(None)
    return np.concatenate([part.to_ndarray()[0] for part in parts]).astype(np.float32)
