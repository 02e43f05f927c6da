"""Decides which segments may not have been said: pure.

The model writes fluent sentences for noise and babble too. What it reports about them differs:
over a passage of up to 30 seconds it is much less sure of invented words than of spoken ones,
whatever single words look like. A loop hides that, because repeated words look more and more
certain; so each different word counts once, at its first occurrence. The limits lie between what
``benchmarks.services.invented`` and ``benchmarks.services.accuracy`` measure: real speech has a
passage confidence above 0.8 and a log probability above -0.25, invented words have one below 0.55
or, where another reading was sampled, the other below -0.3.

A passage may hold real speech beside something else: a word that is cut off, another language, a
cough. So a segment is judged by its own words and by those of its passage together, as an average
that is shrunk towards the passage's: the more words a segment has, the more they count by
themselves.
"""

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from statistics import mean, median
from typing import Any

from services.transcriber.transcript import Word

LEAST_PASSAGE_CONFIDENCE = 0.68
LEAST_PASSAGE_LOG_PROBABILITY = -0.4
LEAST_SAMPLED_LOG_PROBABILITY = -0.25
"""For a passage whose surest reading was a loop or a guess, so that another one was sampled."""
LEAST_CONFIDENCE = 0.45
"""Mean of a segment's words; less than a passage's, because there are fewer of them."""
PASSAGE_WEIGHT = 12
"""Words that a passage's average counts as, beside a segment's own different words."""
LEAST_PROBABILITY = 0.01
"""Of a word, for its logarithm."""
STUTTER = re.compile(r"(\w{1,4}?)\1{9}")
"""The same letters ten times in a row, such as "tatatatatatatatatata": a loop of the model."""
LEAST_VOICE = 0.3
LEAST_LANGUAGE_PROBABILITY = 0.3

# Limits of what is left out. The first two are Whisper's own.
GUESS_LOG_PROBABILITY = -1.0
NO_SPEECH = 0.6
NO_VOICE = 0.15


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


def weigh(segment: Any) -> Evidence:
    """Return the evidence of a faster-whisper ``Segment`` with word timestamps."""
    return Evidence(
        log_probability=float(segment.avg_logprob),
        no_speech=float(segment.no_speech_prob),
        temperature=float(segment.temperature or 0.0),
        confidence=_mean_of_different(
            (word.word, float(word.probability)) for word in segment.words or ()
        ),
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
        voice: Mean probability of voice activity during the segment, from 0 to 1.
        language_probability: How sure the language is; 1 when the client named it.
    """
    known = [*words]
    own = _find_different(known)
    if not own:
        return Verdict.DROP
    if evidence.log_probability < GUESS_LOG_PROBABILITY and evidence.no_speech > NO_SPEECH:
        return Verdict.DROP
    logarithms = [math.log(max(value, LEAST_PROBABILITY)) for value in own]
    is_sampled = evidence.temperature > 0
    least = LEAST_SAMPLED_LOG_PROBABILITY if is_sampled else LEAST_PASSAGE_LOG_PROBABILITY
    is_doubtful = (
        _shrink(logarithms, evidence.log_probability) < least
        or _shrink(own, evidence.confidence) < LEAST_PASSAGE_CONFIDENCE
        or sum(own) / len(own) < LEAST_CONFIDENCE
        or language_probability < LEAST_LANGUAGE_PROBABILITY
        or any(STUTTER.search(word) for word, _ in known)
    )
    if is_doubtful and voice < NO_VOICE:
        return Verdict.DROP
    return Verdict.MARK if is_doubtful or voice < LEAST_VOICE else Verdict.KEEP


def _shrink(own: Sequence[float], passage: float) -> float:
    """Return the average of a segment's values, shrunk towards that of its passage."""
    return (sum(own) + PASSAGE_WEIGHT * passage) / (len(own) + PASSAGE_WEIGHT)


def _mean_of_different(words: Iterable[tuple[str, float]]) -> float:
    """Return the mean of probabilities, of repeated words the first one's; 0 without words."""
    different = _find_different(words)
    return sum(different) / len(different) if different else 0.0


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
