"""Listens to a whole recording to find out which channels carry voices."""

from collections.abc import Iterable
from dataclasses import replace

from services.media.cleaning import Samples
from services.media.crosstalk import find_paths
from services.media.crosstalk_removal import CrosstalkRemover
from services.media.recording import Recording
from services.media.survey import Survey
from services.media.voices import Channels, Voices, find_voices

RATE_HZ = 16_000
SEPARATE_MARK = "one voice per channel"
"""The comment of a file whose channels were found to be different voices."""


def hear_voices(recording: Recording, mode: Channels, *, max_duration_s: float) -> Voices:
    """Return how the channels of a recording become what is heard; one channel is not read.

    Args:
        recording: It is read once, and again if there may be crosstalk between its channels.
        mode: See ``find_voices``.
        max_duration_s: The longest recording taken.

    Raises:
        WorkError: As for ``Recording.read``.
    """
    survey = Survey(recording.channels, RATE_HZ)
    if recording.channels > 1:
        _listen(survey, recording.read(RATE_HZ, max_duration_s=max_duration_s))
    is_marked = recording.metadata.get("comment") == SEPARATE_MARK
    wanted: Channels = "separate" if mode == "auto" and is_marked else mode
    return choose_voices(recording, survey, wanted, max_duration_s=max_duration_s)


def choose_voices(
    recording: Recording, survey: Survey, mode: Channels, *, max_duration_s: float
) -> Voices:
    """Return the same where a survey of the recording is finished.

    Channels with crosstalk count as different voices if they are so without the crosstalk.
    """
    paths = find_paths(survey) if mode != "mix" else ()
    if paths:
        blocks = recording.read(RATE_HZ, max_duration_s=max_duration_s)
        cleaned = Survey(recording.channels, RATE_HZ)
        _listen(cleaned, CrosstalkRemover(paths, RATE_HZ).run(blocks))
        voices = find_voices(cleaned, mode, recording.layout)
        if voices.is_separate:
            return replace(voices, paths=paths)
    return find_voices(survey, mode, recording.layout)


def _listen(survey: Survey, blocks: Iterable[Samples]) -> None:
    for samples in blocks:
        survey.add(samples)
    survey.finish()
