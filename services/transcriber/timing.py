"""Corrects word times by the energy of the sound: pure.

The model's word times come from its attention, which drifts where nobody speaks: the first word
after a pause starts too early, and the last word before one ends too late. The sound itself
shows where speech resumes. Words in the middle of continuous speech keep their times.
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
"""The shortest silence that is a pause; the closure of a stop consonant is half as long."""
SHORTEST_SOUND_S = 0.04  # shorter ones are clicks
LONGEST_DIP_S = 0.03  # what is quiet for so long does not make two clicks of a sound
ABOVE_NOISE_DB = 7.0
BELOW_VOICE_DB = 38.0
"""The quietest onsets, such as an f, are so much quieter than the vowels that follow."""
BELOW_LOUD_DB = 20.0
BELOW_VOWELS_DB = 15.0
"""A breath is so much quieter than the vowels beside it."""
ABOVE_FLOOR_DB = 6.0
OPENING_S = 1.0
"""What the first word's own level is taken from."""
LEAST_CONTRAST_DB = 12.0
"""Where speech is not louder than noise by this much, its energy shows no pauses."""
LONGEST_ONSET_S = 0.12
"""A quiet consonant lasts so long; what lasts longer is a breath, or noise."""
LEAD_S = 0.04
"""A first word starts this much before its energy shows: a player that seeks to the word must not
cut off its first sound, which rises out of the noise later than it starts."""
MARGIN_S = 0.4
"""A span of speech starts this much before speech is detected."""
FARTHEST_S = 0.5
COVERED_S = 0.15
"""A sound is covered by words if no more voice of it is left: another word is not in it."""
LEAST_VOICE = 0.25
"""Of a word: where less of it is loud, it is a breath."""
LEAST_INSIDE_S = 0.05
LEAST_WORDLESS_S = 1.0
"""A voice says a word in less."""
SURROUNDINGS_S = 0.5
SHORTEST_WORD_S = 0.02

Decibels = NDArray[np.float64]


@dataclass(frozen=True)
class Sound:
    """A section of sound between two pauses, in seconds."""

    start: float
    end: float
    onset: float
    """When its voice starts; between ``start`` and it there may be a breath or noise."""
    is_loud: NDArray[np.bool_] = field(compare=False, repr=False)
    """For each ``HOP_S``: it is a voice rather than a breath, by its level."""


def refine_times(words: Sequence[Word], samples: Samples, speech: Sequence[Span]) -> list[Word]:
    """Return the same words with corrected times.

    Args:
        words: In order; times in seconds since the first sample.
        samples: What they were heard in.
        speech: Where voice activity detection found speech.

    Returns:
        As many words in the same order. They do not overlap, and none ends before it starts.
    """
    sounds = _find_sounds(samples, speech)
    return _separate(_snap(_assign(words, sounds, speech)))


def _find_sounds(samples: Samples, speech: Sequence[Span]) -> list[Sound]:
    """Return the sounds in all spans of speech; none where noise hides the pauses."""
    levels_db = _measure_levels(samples)
    around = round(SURROUNDINGS_S * SAMPLE_RATE_HZ)
    found: list[Sound] = []
    for span in _join(speech, around):
        first = max(0, span.start - around) // HOP
        inside = levels_db[first : (span.end + around) // HOP]
        found += _split(inside, first * HOP_S, span.start // HOP - first)
    return found


def _join(speech: Sequence[Span], around: int) -> list[Span]:
    """Return spans, those that are so close that they share their surroundings as one."""
    joined = [*speech[:1]]
    for span in speech[1:]:
        if span.start - joined[-1].end < 2 * around:
            joined[-1] = Span(joined[-1].start, span.end)
        else:
            joined.append(span)
    return joined


def _measure_levels(samples: Samples) -> Decibels:
    """Return the level of every 10 ms, one value for each 5 ms."""
    if len(samples) < WINDOW:
        return np.empty(0)
    halves = np.square(samples[: len(samples) // HOP * HOP], dtype=np.float64)
    power = halves.reshape(-1, HOP).mean(axis=1)
    return np.asarray(10 * np.log10((power[1:] + power[:-1]) / 2 + 1e-12))


def _split(levels_db: Decibels, start_s: float, lead: int) -> Iterator[Sound]:
    """Yield the sounds of a span of speech.

    Args:
        levels_db: Of the span and its surroundings.
        start_s: When they start.
        lead: How many of them are before the span.
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
    """Return how much of a sound is noise that ends just before speech is detected.

    Args:
        levels_db: Of the sound.
        lead: How many of them are before the span of speech: so long nobody speaks. Where there
            are none, the sound does not start with noise.
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
    """Return where the level rises to that of a voice, from what a sound begins with."""
    opening_db = levels_db[: round(OPENING_S / HOP_S)]
    is_loud = opening_db > np.percentile(opening_db, 90) - BELOW_LOUD_DB
    loud = next((start for start, _ in _find_runs(is_loud, 1)), 0)
    if loud * HOP_S <= LONGEST_ONSET_S:
        return 0
    before_db = opening_db[:loud]
    quiet = np.flatnonzero(before_db < np.percentile(before_db, 20) + ABOVE_FLOOR_DB)
    return int(quiet[-1]) + 1


def _find_runs(is_above: NDArray[np.bool_], shortest_gap: int) -> list[tuple[int, int]]:
    """Return where values are true, over gaps too short to be a pause; clicks are left out."""
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
    """Return each word with the sound that most of it is in, if it is in or near any."""
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
    """Return whether a word is in the following of two sounds rather than in the first."""
    if _overlap(word, following) > _overlap(word, sound):
        return True
    # The model's times lead into the breath that ends a sound, where nobody speaks.
    return _measure_voice_s(word, following) > _measure_voice_s(word, sound)


def _is_after_noise(word: Word, sound: Sound, following: Sound) -> bool:
    """Return whether a first word starts in a sound without words and reaches into the next.

    What goes on for so long without a word is noise.
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
    """Return whether a word in a pause is the first of the following sound.

    The sound before the pause has all its words, and the following one is near for the model,
    which does not hear what is cut out of the pause, or starts before its other words do.
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
    """Return how many seconds the model hears between two times."""
    start, end = start_s * SAMPLE_RATE_HZ, end_s * SAMPLE_RATE_HZ
    heard = sum(max(0.0, min(end, span.end) - max(start, span.start)) for span in speech)
    return heard / SAMPLE_RATE_HZ


def _measure_voice_s(word: Word, sound: Sound) -> float:
    """Return for how long the voice of a sound is heard within a word."""
    first, last = (round((time_s - sound.start) / HOP_S) for time_s in (word.start, word.end))
    return float(sound.is_loud[max(0, first) : max(0, last)].sum()) * HOP_S


def _overlap(word: Word, sound: Sound) -> float:
    """Return for how long a word is in a sound; below zero, how far away it is."""
    return min(word.end, sound.end) - max(word.start, sound.start)


def _snap(assigned: Sequence[tuple[Word, Sound | None]]) -> list[Word]:
    """Return words that start and end with their sounds."""
    snapped = []
    previous: Sound | None = None
    for number, (word, sound) in enumerate(assigned):
        following = assigned[number + 1][1] if number + 1 < len(assigned) else None
        snapped.append(
            _fit(word, sound, is_first=sound is not previous, is_last=sound is not following)
            if sound
            else word
        )
        previous = sound
    return snapped


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
    """Return when the first word of a sound starts; none if the sound shows nothing of it."""
    onset = sound.onset if sound.onset < word.end else sound.start
    return onset if word.start - onset < FARTHEST_S else None


def _separate(words: list[Word]) -> list[Word]:
    """Return words of which none starts before the one before it has ended."""
    ordered = words[:1]
    for word in words[1:]:
        before = ordered[-1]
        if word.start < before.end:
            end = max(before.start, min(before.end, word.start))
            ordered[-1] = replace(before, end=end)
            word = replace(word, start=max(word.start, end), end=max(word.end, end))  # noqa: PLW2901
        ordered.append(word)
    return ordered
