"""Decides which segments may not have been said: pure.

The model writes fluent sentences for noise and babble too. What it reports about them differs:
over a passage of up to 30 seconds it is much less sure of invented words than of spoken ones,
whatever single words look like. A loop hides that, because repeated words look more and more
certain; so each different word counts once, at its first occurrence.

The mean log probability over all tokens, which the model reports too, counts only for a sampled
passage. Where a recording is cut off, or somebody says only a few words, the model is sure of the
words and unsure of the full stop and the end, which are tokens too.

A passage may hold real speech beside something else: a word that is cut off, another language, a
cough. So a segment is judged by its own words and by those of its passage together, as an average
that is shrunk towards the passage's: the more words a segment has, the more they count by
themselves.

The limits lie between the recordings of ``benchmarks.services.wordless`` and right segments of
real speech: in noise, on the telephone, cut off, among other languages, in single words.
"""

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from statistics import mean, median
from typing import Any

from services.transcriber.transcript import Word

LEAST_PASSAGE_CONFIDENCE = 0.65
LEAST_WORD_LOG_PROBABILITY = -0.5
LEAST_SAMPLED_LOG_PROBABILITY = -0.25
"""For a passage whose surest reading was a loop or a guess, so that another one was sampled."""
PASSAGE_WEIGHT = 12
"""Words that a passage's average counts as, beside a segment's own different words."""
LEAST_CONFIDENCE = 0.45
"""Of a segment nearly by itself; less than a passage's, because it has fewer words."""
OWN_WEIGHT = 1
"""Words that a passage's average counts as there: a single word says little by itself."""
LEAST_PROBABILITY = 0.01
"""Of a word, for its logarithm."""
STUTTER = re.compile(r"(\w{1,4}?)\1{9}")
"""The same letters ten times in a row, such as "tatatatatatatatatata": a loop of the model."""
LEAST_VOICE = 0.3
"""Mean probability of a voice, as ``stretch`` measures it: at the words, or just beside them."""
LEAST_LANGUAGE_PROBABILITY = 0.3

# Limits of what is left out. The first two are Whisper's own.
GUESS_LOG_PROBABILITY = -1.0
NO_SPEECH = 0.6
NO_VOICE = 0.2


class Verdict(Enum):
    """What happens to a segment."""

    KEEP = "keep"
    MARK = "mark"
    """It stays, with a ``low_confidence`` warning for its time."""
    DROP = "drop"
    """It is left out, because nothing was said."""


@dataclass(frozen=True)
class Evidence:
    """What the model reports about a passage, the unit that it decodes at once."""

    log_probability: float
    """Mean over its tokens."""
    no_speech: float
    """Probability that nobody speaks, from 0 to 1."""
    temperature: float
    """Above 0 if the surest reading was a loop or a guess and another one was sampled."""
    confidence: float
    """Mean probability of its different words, each at its first occurrence, from 0 to 1."""
    word_log_probability: float
    """Mean logarithm of the same probabilities."""


def weigh(segment: Any) -> Evidence:
    """Return the evidence of a faster-whisper ``Segment`` with word timestamps."""
    different = _find_different(
        (word.word, float(word.probability)) for word in segment.words or ()
    ) or [0.0]
    return Evidence(
        log_probability=float(segment.avg_logprob),
        no_speech=float(segment.no_speech_prob),
        temperature=float(segment.temperature or 0.0),
        confidence=mean(different),
        word_log_probability=mean(map(_find_logarithm, different)),
    )


def join(evidence: Sequence[Evidence]) -> Evidence:
    """Return the evidence of a segment that has words of several passages.

    Args:
        evidence: Of each word's passage, so that a passage counts by its part of the segment.

    Raises:
        StatisticsError: There is no word.
    """
    return Evidence(
        log_probability=mean(one.log_probability for one in evidence),
        no_speech=mean(one.no_speech for one in evidence),
        temperature=median(one.temperature for one in evidence),
        confidence=mean(one.confidence for one in evidence),
        word_log_probability=mean(one.word_log_probability for one in evidence),
    )


def find_first_confidences(words: Iterable[tuple[Word, Evidence]]) -> list[float]:
    """Return each word's confidence, of a word that its passage repeats the first one's.

    Args:
        words: In order, each with the evidence of its passage.
    """
    first: dict[tuple[Evidence, str], float] = {}
    return [
        first.setdefault((passage, _bare(word.word)), word.confidence) for word, passage in words
    ]


def judge(
    words: Iterable[tuple[str, float]],
    evidence: Evidence,
    *,
    voice: float,
    language_probability: float = 1.0,
) -> Verdict:
    """Return whether a segment was said.

    Args:
        words: The segment's, each with its confidence as ``find_first_confidences`` returns it.
        evidence: Of the passages that they come from.
        voice: Mean probability of voice activity during the words, from 0 to 1.
        language_probability: How sure the language is; 1 when the client named it.
    """
    known = [*words]
    own = _find_different(known)
    if not own:
        return Verdict.DROP
    if evidence.log_probability < GUESS_LOG_PROBABILITY and evidence.no_speech > NO_SPEECH:
        return Verdict.DROP
    is_doubtful = (
        _is_doubtful(own, evidence)
        or language_probability < LEAST_LANGUAGE_PROBABILITY
        or any(STUTTER.search(word) for word, _ in known)
    )
    if is_doubtful and voice < NO_VOICE:
        return Verdict.DROP
    return Verdict.MARK if is_doubtful or voice < LEAST_VOICE else Verdict.KEEP


def _is_doubtful(own: Sequence[float], evidence: Evidence) -> bool:
    """Return whether the probabilities of a segment's different words are low for its passage."""
    logarithms = [*map(_find_logarithm, own)]
    is_sampled = evidence.temperature > 0
    sampled = _shrink(logarithms, evidence.log_probability, PASSAGE_WEIGHT)
    return (
        _shrink(own, evidence.confidence, PASSAGE_WEIGHT) < LEAST_PASSAGE_CONFIDENCE
        or _shrink(logarithms, evidence.word_log_probability, PASSAGE_WEIGHT)
        < LEAST_WORD_LOG_PROBABILITY
        or (is_sampled and sampled < LEAST_SAMPLED_LOG_PROBABILITY)
        or _shrink(own, evidence.confidence, OWN_WEIGHT) < LEAST_CONFIDENCE
    )


def _shrink(own: Sequence[float], passage: float, weight: int) -> float:
    """Return the average of a segment's values, shrunk towards that of its passage."""
    return (sum(own) + weight * passage) / (len(own) + weight)


def _find_logarithm(probability: float) -> float:
    return math.log(max(probability, LEAST_PROBABILITY))


def _find_different(words: Iterable[tuple[str, float]]) -> list[float]:
    """Return the probabilities of different words, each at its first occurrence."""
    first: dict[str, float] = {}
    for word, probability in words:
        if bare := _bare(word):
            first.setdefault(bare, probability)
    return [*first.values()]


def _bare(word: str) -> str:
    """Return a word's letters and digits; nothing of dashes, dots and notes of music."""
    return "".join(letter for letter in word.lower() if letter.isalnum())
