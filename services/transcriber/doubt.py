"""Decides which segments may be hallucinated: pure.

The model also outputs fluent sentences for noise and babble, but the mean word probability of a
passage of up to 30 seconds is much lower for hallucinated words than for spoken ones, even if
single words have a high one. A loop hides that, because the probability of repeated words
increases. Each different word therefore counts once, at its first occurrence.

The mean log probability of all tokens counts only for a sampled passage. If a recording is cut off
or has only a few words, the words are probable, but the full stop and the end, which are tokens
too, are not.

A passage may contain more than real speech: a word that is cut off, another language, a cough. A
segment is therefore judged by the mean of its own words, shrunk towards the mean of its passage:
the more words a segment has, the more they count.

The thresholds separate the recordings of ``benchmarks.services.wordless`` from correct segments of
real speech: in noise, on the telephone, cut off, among other languages, in single words.
"""

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from statistics import mean, median
from typing import Any

from services.transcriber.transcript import Segment, Word

LEAST_PASSAGE_CONFIDENCE = 0.65
LEAST_WORD_LOG_PROBABILITY = -0.5
LEAST_SAMPLED_LOG_PROBABILITY = -0.25
"""For a passage that was sampled because its most probable text was a loop or a guess."""
LEAST_TOKEN_LOG_PROBABILITY = -0.7
"""For any other passage, whatever its words look like. A right passage that is cut off has about
-0.5, because the end of the text is uncertain; one that was invented over reversed speech, with
certain words, had -0.8."""
PASSAGE_WEIGHT = 12
"""Weight of a passage's mean, in words, against a segment's own different words."""
LEAST_CONFIDENCE = 0.45
"""For a segment almost alone; lower than for a passage, because it has fewer words."""
OWN_WEIGHT = 1
"""Weight of the passage's mean there, in words: one word alone is unreliable."""
LEAST_PROBABILITY = 0.01
"""Lower limit of word probabilities, for their logarithm."""
STUTTER = re.compile(r"(\w{1,4}?)\1{9}")
"""The same letters ten times in a row, such as "tatatatatatatatatata": a loop of the model."""
ISOLATED_WORDS = 2
"""Words of a segment that is not believed between two marked segments."""
LEAST_VOICE = 0.3
"""Mean voice probability at the words or just beside them, as ``section`` measures it."""
LEAST_LANGUAGE_PROBABILITY = 0.3

# Thresholds of dropped segments. The first two are Whisper's own.
GUESS_LOG_PROBABILITY = -1.0
NO_SPEECH = 0.6
NO_VOICE = 0.2


class Verdict(Enum):
    """The decision about a segment."""

    KEEP = "keep"
    MARK = "mark"
    """Keep it, with a ``low_confidence`` warning for its time."""
    DROP = "drop"
    """Remove it, because nothing was spoken."""


@dataclass(frozen=True)
class Evidence:
    """The model's measurements of a passage, the unit that it decodes at once."""

    log_probability: float
    """Mean log probability of its tokens."""
    no_speech: float
    """Probability of no speech, from 0 to 1."""
    temperature: float
    """Above 0 if the passage was sampled because its most probable text was a loop or a guess."""
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
    """Return the evidence of a segment with words of several passages.

    Args:
        evidence: The passage's evidence of each word, which weights passages by their words.

    Raises:
        StatisticsError: ``evidence`` is empty.
    """
    return Evidence(
        log_probability=mean(one.log_probability for one in evidence),
        no_speech=mean(one.no_speech for one in evidence),
        temperature=median(one.temperature for one in evidence),
        confidence=mean(one.confidence for one in evidence),
        word_log_probability=mean(one.word_log_probability for one in evidence),
    )


def find_first_confidences(words: Iterable[tuple[Word, Evidence]]) -> list[float]:
    """Return the confidence of each word; repeated words have that of their first occurrence.

    Args:
        words: Words in order, each with the evidence of its passage.
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
    """Decide whether to keep, mark or drop a segment.

    Args:
        words: Its words, each with its confidence from ``find_first_confidences``.
        evidence: The evidence of its passages.
        voice: Mean voice probability during the words, from 0 to 1.
        language_probability: Probability of the language; 1 if the client named it.
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
    """Return whether the shrunken means of a segment's word probabilities are below a threshold."""
    logarithms = [*map(_find_logarithm, own)]
    is_sampled = evidence.temperature > 0
    sampled = _shrink(logarithms, evidence.log_probability, PASSAGE_WEIGHT)
    return (
        _shrink(own, evidence.confidence, PASSAGE_WEIGHT) < LEAST_PASSAGE_CONFIDENCE
        or _shrink(logarithms, evidence.word_log_probability, PASSAGE_WEIGHT)
        < LEAST_WORD_LOG_PROBABILITY
        or (is_sampled and sampled < LEAST_SAMPLED_LOG_PROBABILITY)
        or evidence.log_probability < LEAST_TOKEN_LOG_PROBABILITY
        or _shrink(own, evidence.confidence, OWN_WEIGHT) < LEAST_CONFIDENCE
    )


def find_doubtful(segments: Sequence[Segment]) -> list[bool]:
    """Return for each segment whether its words may not have been spoken.

    These are the marked ones, and those of at most two words between marked ones: over babble the
    model recognizes single words with confidence, in any language.

    Args:
        segments: All segments of a recording, in order.
    """
    marks = [segment.is_marked for segment in segments]
    return [
        mark
        or (
            0 < len(segment.words) <= ISOLATED_WORDS
            and 0 < at < len(marks) - 1
            and marks[at - 1]
            and marks[at + 1]
        )
        for at, (segment, mark) in enumerate(zip(segments, marks, strict=True))
    ]


def _shrink(own: Sequence[float], passage: float, weight: int) -> float:
    """Return the mean of a segment's values, shrunk towards that of its passage."""
    return (sum(own) + weight * passage) / (len(own) + weight)


def _find_logarithm(probability: float) -> float:
    return math.log(max(probability, LEAST_PROBABILITY))


def _find_different(words: Iterable[tuple[str, float]]) -> list[float]:
    """Return the probability of each different word at its first occurrence."""
    first: dict[str, float] = {}
    for word, probability in words:
        if bare := _bare(word):
            first.setdefault(bare, probability)
    return [*first.values()]


def _bare(word: str) -> str:
    """Return a word's letters and digits in lower case, without dashes, dots and music symbols."""
    return "".join(letter for letter in word.lower() if letter.isalnum())
