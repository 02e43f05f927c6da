"""Everything that opens and decodes a media file, for the normalizer and the transcriber.

``open_recording`` opens an upload and chooses its audio track; ``Recording.read`` yields the
samples on the media's own time line, whatever the container. ``hear_voices`` finds out which
channels carry voices and how they are mixed or separated.
"""

from services.media.cleaning import Samples
from services.media.hearing import SEPARATE_MARK, choose_voices, hear_voices
from services.media.recording import Recording, open_recording
from services.media.tracks import Track, normalize_language
from services.media.voices import Channels, Voices

__all__ = [
    "SEPARATE_MARK",
    "Channels",
    "Recording",
    "Samples",
    "Track",
    "Voices",
    "choose_voices",
    "hear_voices",
    "normalize_language",
    "open_recording",
]
