"""Corrects word times by the energy of the sound: pure.

The model derives word times from attention, which drifts in pauses: the first word after a pause
starts too early, and the last word before one ends too late. The energy shows where speech
resumes. Words within continuous speech keep their times.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from services.transcriber.audio import Samples
from services.transcriber.speech import SAMPLE_RATE_HZ, Span
from services.transcriber.transcript import Word

HOP = SAMPLE_RATE_HZ // 200  # 5 ms
HOP_S = HOP / SAMPLE_RATE_HZ
WINDOW = 2 * HOP
PAUSE_S = 0.2
"""Shortest pause; the closure of a stop consonant is half as long."""
SHORTEST_SOUND_S = 0.04  # shorter ones are clicks
LONGEST_DIP_S = 0.03  # longest quiet part that does not split a sound
ABOVE_NOISE_DB = 7.0
BELOW_VOICE_DB = 38.0
"""Level of the quietest onsets, such as an f, below that of the vowels that follow."""
BELOW_LOUD_DB = 20.0
BELOW_VOWELS_DB = 15.0
"""Level of a breath below that of the vowels beside it."""
ABOVE_FLOOR_DB = 6.0
OPENING_S = 1.0
"""Length of the opening of a sound from which the level of its first word is measured."""
LEAST_CONTRAST_DB = 12.0
"""Least contrast of speech and noise with which pauses can be measured."""
LONGEST_ONSET_S = 0.12
"""Longest quiet consonant; a longer quiet part is a breath or noise."""
LEAD_S = 0.04
"""Time by which a first word starts before its measured onset: the first phone starts before it
rises out of the noise, and a player that seeks to the word must not clip it."""
MARGIN_S = 0.4
"""Margin of a span of speech before the detected speech."""
FARTHEST_S = 0.5
"""Largest distance of a word from its sound."""
COVERED_S = 0.15
"""Voice without words up to which a sound has all its words."""
LEAST_VOICE = 0.25
"""Fraction of loud frames below which a word is in a breath."""
LEAST_INSIDE_S = 0.05
"""Overlap with a sound from which on a word is in it."""
LEAST_WORDLESS_S = 1.0
"""Voice without words from which on a sound is noise."""
SURROUNDINGS_S = 0.5
"""Context on each side of a span."""
SHORTEST_WORD_S = 0.02

Decibels = NDArray[np.float64]


@dataclass(frozen=True)
class Sound:
    """A sound between two pauses, in seconds."""

    start: float
    end: float
    onset: float
    """Start of its voice; breath or noise may precede it."""
    is_loud: NDArray[np.bool_] = field(compare=False, repr=False)
    """Whether each hop (``HOP_S``) is, by its level, voice rather than breath."""


def refine_times(words: Sequence[Word], samples: Samples, speech: Sequence[Span]) -> list[Word]:
    """Return the words with corrected times.

    Args:
        words: Words in order; times in seconds since the first sample.
        samples: The audio that contains them.
        speech: Spans that voice activity detection found.

    Returns:
        The same words in the same order. They do not overlap, and none ends before it starts.
    """
    sounds = _find_sounds(samples, speech)
    return _remove_overlaps(_align(_assign(words, sounds, speech)))


def _find_sounds(samples: Samples, speech: Sequence[Span]) -> list[Sound]:
    """Return the sounds in all spans of speech, except where noise hides the pauses."""
    levels_db = _measure_levels(samples)
    around = round(SURROUNDINGS_S * SAMPLE_RATE_HZ)
    found: list[Sound] = []
    for span in _join(speech, around):
        first = max(0, span.start - around) // HOP
        inside = levels_db[first : (span.end + around) // HOP]
        found += _split(inside, first * HOP_S, span.start // HOP - first)
    return found


def _join(speech: Sequence[Span], around: int) -> list[Span]:
    """Join spans whose surroundings overlap."""
    joined = [*speech[:1]]
    for span in speech[1:]:
        if span.start - joined[-1].end < 2 * around:
            joined[-1] = Span(joined[-1].start, span.end)
        else:
            joined.append(span)
    return joined


def _measure_levels(samples: Samples) -> Decibels:
    """Return the level of windows of 10 ms with a hop of 5 ms, in decibels."""
    if len(samples) < WINDOW:
        return np.empty(0)
    halves = np.square(samples[: len(samples) // HOP * HOP], dtype=np.float64)
    power = halves.reshape(-1, HOP).mean(axis=1)
    return np.asarray(10 * np.log10((power[1:] + power[:-1]) / 2 + 1e-12))


def _split(levels_db: Decibels, start_s: float, lead: int) -> Iterator[Sound]:
    """Yield the sounds of a span of speech.

    Args:
        levels_db: Levels of the span and its surroundings.
        start_s: Time of the first level.
        lead: Number of levels before the span.
    """
    if not len(levels_db):
        return
    noise_db, voice_db = np.percentile(levels_db, [10, 95])
    if voice_db - noise_db < LEAST_CONTRAST_DB:
        return
    least_db = max(noise_db + ABOVE_NOISE_DB, voice_db - BELOW_VOICE_DB)
    for run_start, end in _find_runs(levels_db > least_db, round(PAUSE_S / HOP_S)):
        noise = _find_noise(levels_db[run_start:end], lead - run_start)
        for start, stop in ((run_start, run_start + noise), (run_start + noise, end)):
            own_db = levels_db[start:stop]
            if not len(own_db):
                continue
            yield Sound(
                start=start_s + HOP_S * start,
                end=start_s + HOP_S * stop,
                onset=start_s + HOP_S * (start + _find_onset(own_db)),
                is_loud=own_db > np.percentile(own_db, 90) - BELOW_VOWELS_DB,
            )


def _find_noise(levels_db: Decibels, lead: int) -> int:
    """Return the length in hops of noise at the start of a sound that ends as speech is detected.

    Args:
        levels_db: Levels of the sound.
        lead: Number of levels before the span of speech. Without any, the sound does not start
            with noise.
    """
    margin = round(MARGIN_S / HOP_S)
    opening_db = levels_db[max(0, lead) : lead + round(OPENING_S / HOP_S)]
    if lead <= 0 or not len(opening_db):
        return 0
    is_quiet = levels_db[: lead + 2 * margin] <= np.percentile(opening_db, 90) - BELOW_LOUD_DB
    edges = np.flatnonzero(np.diff(is_quiet, prepend=False, append=False))
    dips = [
        start
        for start, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)
        if end - start >= LONGEST_ONSET_S / HOP_S and start < lead + margin and end < len(is_quiet)
    ]
    return dips[-1] if dips else 0


def _find_onset(levels_db: Decibels) -> int:
    """Return the hop at which the level rises from the start of a sound to that of a voice."""
    opening_db = levels_db[: round(OPENING_S / HOP_S)]
    is_loud = opening_db > np.percentile(opening_db, 90) - BELOW_LOUD_DB
    loud = next((start for start, _ in _find_runs(is_loud, 1)), 0)
    if loud * HOP_S <= LONGEST_ONSET_S:
        return 0
    before_db = opening_db[:loud]
    quiet = np.flatnonzero(before_db < np.percentile(before_db, 20) + ABOVE_FLOOR_DB)
    return int(quiet[-1]) + 1


def _find_runs(is_above: NDArray[np.bool_], shortest_gap: int) -> list[tuple[int, int]]:
    """Return the runs of true values, joined over gaps shorter than a pause, without clicks."""
    edges = np.flatnonzero(np.diff(is_above, prepend=False, append=False))
    runs = [*zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)]
    shortest = round(SHORTEST_SOUND_S / HOP_S)
    whole = _bridge(runs, min(shortest_gap, round(LONGEST_DIP_S / HOP_S)))
    return _bridge([run for run in whole if run[1] - run[0] >= shortest], shortest_gap)


def _bridge(runs: Sequence[tuple[int, int]], shortest_gap: int) -> list[tuple[int, int]]:
    bridged = [*runs[:1]]
    for start, end in runs[1:]:
        if start - bridged[-1][1] < shortest_gap:
            bridged[-1] = (bridged[-1][0], end)
        else:
            bridged.append((start, end))
    return bridged


def _assign(
    words: Sequence[Word], sounds: Sequence[Sound], speech: Sequence[Span]
) -> list[tuple[Word, Sound | None]]:
    """Return each word with the sound that contains most of it, if any is near."""
    assigned: list[tuple[Word, Sound | None]] = []
    index = 0
    for number, word in enumerate(words):
        while index + 1 < len(sounds) and _is_nearer(word, sounds[index + 1], sounds[index]):
            index += 1
        sound = sounds[index] if sounds else None
        is_near = sound is not None and _overlap(word, sound) > -FARTHEST_S
        following = sounds[index + 1] if index + 1 < len(sounds) else None
        is_first = not assigned or assigned[-1] != (words[number - 1], sound)
        if following and is_first and _is_after_noise(word, sounds[index], following):
            index, sound, is_near = index + 1, following, True
        elif following and not is_first:
            next_start = words[number + 1].start if number + 1 < len(words) else None
            away_s = _measure_speech_s(word.end, following.start, speech)
            if _belongs_to_following(
                word, words[number - 1], sounds[index], following, next_start, away_s
            ):
                index, sound, is_near = index + 1, following, True
        assigned.append((word, sound if is_near else None))
    return assigned


def _is_nearer(word: Word, following: Sound, sound: Sound) -> bool:
    """Return whether a word belongs to the following sound rather than to the first."""
    if _overlap(word, following) > _overlap(word, sound):
        return True
    # The model's times extend into the breath at the end of a sound, which has no voice.
    return _measure_voice_s(word, following) > _measure_voice_s(word, sound)


def _is_after_noise(word: Word, sound: Sound, following: Sound) -> bool:
    """Return whether a first word starts in noise and extends into the following sound.

    A sound that is longer than ``LEAST_WORDLESS_S`` before its first word is noise.
    """
    wordless = replace(word, start=sound.start, end=word.start)
    is_noise = _measure_voice_s(wordless, sound) >= LEAST_WORDLESS_S
    return is_noise and _overlap(word, following) >= LEAST_INSIDE_S


def _belongs_to_following(
    word: Word,
    previous: Word,
    sound: Sound,
    following: Sound,
    next_start: float | None,
    away_s: float,
) -> bool:
    """Return whether a word in a pause is the first word of the following sound.

    It is if the sound before the pause has all its words and the following sound either is near in
    the model's input, from which silence is removed, or starts before its other words.
    """
    inside_s = _overlap(word, sound)
    rest = replace(previous, start=previous.end, end=sound.end)
    is_covered = _measure_voice_s(rest, sound) < COVERED_S
    is_in_pause = inside_s < LEAST_INSIDE_S
    is_in_breath = _measure_voice_s(word, sound) < LEAST_VOICE * inside_s
    lacks_first_word = next_start is not None and (
        following.start + COVERED_S < next_start < following.end
    )
    is_early = lacks_first_word or (is_in_pause and away_s < FARTHEST_S)
    return is_covered and (is_in_pause or is_in_breath) and is_early


def _measure_speech_s(start_s: float, end_s: float, speech: Sequence[Span]) -> float:
    """Return the seconds between two times that are in the model's input."""
    start, end = start_s * SAMPLE_RATE_HZ, end_s * SAMPLE_RATE_HZ
    speech_samples = sum(max(0.0, min(end, span.end) - max(start, span.start)) for span in speech)
    return speech_samples / SAMPLE_RATE_HZ


def _measure_voice_s(word: Word, sound: Sound) -> float:
    """Return the seconds of a sound's voice within a word."""
    first, last = (round((time_s - sound.start) / HOP_S) for time_s in (word.start, word.end))
    return float(sound.is_loud[max(0, first) : max(0, last)].sum()) * HOP_S


def _overlap(word: Word, sound: Sound) -> float:
    """Return the overlap of a word and a sound in seconds; if negative, their distance."""
    return min(word.end, sound.end) - max(word.start, sound.start)


def _align(assigned: Sequence[tuple[Word, Sound | None]]) -> list[Word]:
    """Align first and last words to the start and the end of their sounds."""
    aligned = []
    previous: Sound | None = None
    for number, (word, sound) in enumerate(assigned):
        following = assigned[number + 1][1] if number + 1 < len(assigned) else None
        aligned.append(
            _fit(word, sound, is_first=sound is not previous, is_last=sound is not following)
            if sound
            else word
        )
        previous = sound
    return aligned


def _fit(word: Word, sound: Sound, *, is_first: bool, is_last: bool) -> Word:
    start = min(max(word.start, sound.start), sound.end - SHORTEST_WORD_S)
    end = max(min(word.end, sound.end), start + SHORTEST_WORD_S)
    if is_first:
        onset = _choose_onset(word, sound)
        if onset is not None:
            start = max(0.0, onset - LEAD_S)
            end = max(end, start + SHORTEST_WORD_S)
    if is_last and end < sound.end < end + PAUSE_S:
        end = sound.end
    return replace(word, start=round(start, 3), end=round(end, 3))


def _choose_onset(word: Word, sound: Sound) -> float | None:
    """Return the start of a sound's first word, or ``None`` if it is too far away."""
    onset = sound.onset if sound.onset < word.end else sound.start
    return onset if word.start - onset < FARTHEST_S else None


def _remove_overlaps(words: list[Word]) -> list[Word]:
    """Shorten words so that none overlaps the previous one."""
    ordered = words[:1]
    for word in words[1:]:
        before = ordered[-1]
        if word.start < before.end:
            end = max(before.start, min(before.end, word.start))
            ordered[-1] = replace(before, end=end)
            word = replace(word, start=max(word.start, end), end=max(word.end, end))  # noqa: PLW2901
        ordered.append(word)
    return ordered
