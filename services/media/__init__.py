"""Opening and decoding of media files for the normalizer and the transcriber.

``open_recording`` opens an upload and chooses its audio track; ``Recording.read`` yields the
samples on the media's own time line, for every container format. ``detect_voices`` decides which
channels carry voices, and whether they are mixed or separated.
"""

from services.media.cleaning import Samples
from services.media.recording import Recording, open_recording
from services.media.tracks import Track, normalize_language
from services.media.voice_detection import SEPARATE_MARK, choose_voices, detect_voices
from services.media.voices import Channels, Voices

__all__ = [
    "SEPARATE_MARK",
    "Channels",
    "Recording",
    "Samples",
    "Track",
    "Voices",
    "choose_voices",
    "detect_voices",
    "normalize_language",
    "open_recording",
]
