"""Listens to a whole recording to find out which channels carry voices."""

from services.media.recording import Recording
from services.media.survey import Survey
from services.media.voices import Channels, Voices, find_voices

RATE_HZ = 16_000
SEPARATE_MARK = "one voice per channel"
"""The comment of a file whose channels were found to be different voices."""


def hear_voices(recording: Recording, mode: Channels, *, max_duration_s: float) -> Voices:
    """Return how the channels of a recording become what is heard; one channel is not read.

    Args:
        recording: It is read once.
        mode: See ``find_voices``.
        max_duration_s: The longest recording taken.

    Raises:
        WorkError: As for ``Recording.read``.
    """
    survey = Survey(recording.channels, RATE_HZ)
    if recording.channels > 1:
        for samples in recording.read(RATE_HZ, max_duration_s=max_duration_s):
            survey.add(samples)
        survey.finish()
    is_marked = recording.metadata.get("comment") == SEPARATE_MARK
    wanted: Channels = "separate" if mode == "auto" and is_marked else mode
    return find_voices(survey, wanted, recording.layout)
