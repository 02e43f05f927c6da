"""Analyze a whole recording to decide which channels carry voices."""

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
"""Comment tag of a file whose channels are separate voices."""


def detect_voices(recording: Recording, mode: Channels, *, max_duration_s: float) -> Voices:
    """Return how to mix or separate the channels of a recording.

    Args:
        recording: Not read if it has one channel; read twice if there may be crosstalk.
        mode: See ``find_voices``.
        max_duration_s: Maximum duration of the recording.

    Raises:
        WorkError: As for ``Recording.read``.
    """
    survey = Survey(recording.channels, RATE_HZ)
    if recording.channels > 1:
        _survey(survey, recording.read(RATE_HZ, max_duration_s=max_duration_s))
    is_marked = recording.metadata.get("comment") == SEPARATE_MARK
    wanted: Channels = "separate" if mode == "auto" and is_marked else mode
    return choose_voices(recording, survey, wanted, max_duration_s=max_duration_s)


def choose_voices(
    recording: Recording, survey: Survey, mode: Channels, *, max_duration_s: float
) -> Voices:
    """Return how to mix or separate the channels, from a finished survey.

    Channels with crosstalk are different voices if they are after its removal.
    """
    paths = find_paths(survey) if mode != "mix" else ()
    if paths:
        blocks = recording.read(RATE_HZ, max_duration_s=max_duration_s)
        cleaned = Survey(recording.channels, RATE_HZ)
        _survey(cleaned, CrosstalkRemover(paths, RATE_HZ).run(blocks))
        voices = find_voices(cleaned, mode, recording.layout)
        if voices.is_separate:
            return replace(voices, paths=paths)
    return find_voices(survey, mode, recording.layout)


def _survey(survey: Survey, blocks: Iterable[Samples]) -> None:
    for samples in blocks:
        survey.add(samples)
    survey.finish()
