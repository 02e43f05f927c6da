"""Decides which segments may not have been said: pure.

The model writes fluent sentences for noise and babble too. What it reports about them differs:
over a passage of up to 30 seconds it is much less sure of invented words than of spoken ones,
whatever single words look like. A loop hides that, because repeated words look more and more
certain; so each different word counts once, at its first occurrence. The limits lie between what
``benchmarks.services.invented`` and ``benchmarks.services.accuracy`` measure: real speech has a
passage confidence above 0.8 and a log probability above -0.25, invented words have one below 0.55
or, where another reading was sampled, the other below -0.3.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from services.transcriber.transcript import Word

LEAST_PASSAGE_CONFIDENCE = 0.68
LEAST_PASSAGE_LOG_PROBABILITY = -0.4
LEAST_SAMPLED_LOG_PROBABILITY = -0.25
"""For a passage whose surest reading was a loop or a guess, so that another one was sampled."""
LEAST_CONFIDENCE = 0.45
"""Mean of a segment's words; less than a passage's, because there are fewer of them."""
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


def join(evidence: Iterable[Evidence]) -> Evidence:
    """Return the worst of several passages, for a segment with words of each.

    Raises:
        ValueError: There is no passage.
    """
    passages = list(evidence)
    return Evidence(
        log_probability=min(passage.log_probability for passage in passages),
        no_speech=max(passage.no_speech for passage in passages),
        temperature=max(passage.temperature for passage in passages),
        confidence=min(passage.confidence for passage in passages),
    )


def judge(
    words: Sequence[Word],
    evidence: Evidence,
    *,
    voice: float,
    language_probability: float = 1.0,
) -> Verdict:
    """Return whether a segment was said.

    Args:
        words: The segment's.
        evidence: Of the passages that they come from.
        voice: Mean probability of voice activity during the segment, from 0 to 1.
        language_probability: How sure the language is; 1 when the client named it.
    """
    confidence = _mean_of_different((word.word, word.confidence) for word in words)
    is_sampled = evidence.temperature > 0
    least = LEAST_SAMPLED_LOG_PROBABILITY if is_sampled else LEAST_PASSAGE_LOG_PROBABILITY
    is_guess = evidence.log_probability < GUESS_LOG_PROBABILITY
    if is_guess and evidence.no_speech > NO_SPEECH:
        return Verdict.DROP
    is_doubtful = (
        evidence.log_probability < least
        or evidence.confidence < LEAST_PASSAGE_CONFIDENCE
        or confidence < LEAST_CONFIDENCE
        or language_probability < LEAST_LANGUAGE_PROBABILITY
    )
    if is_doubtful and voice < NO_VOICE:
        return Verdict.DROP
    return Verdict.MARK if is_doubtful or voice < LEAST_VOICE else Verdict.KEEP


def _mean_of_different(words: Iterable[tuple[str, float]]) -> float:
    """Return the mean of probabilities, of repeated words the first one's; 0 without words."""
    first: dict[str, float] = {}
    for word, probability in words:
        first.setdefault(word.strip(" .,!?").lower(), probability)
    return sum(first.values()) / len(first) if first else 0.0
