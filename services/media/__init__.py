"""Everything that opens and decodes a media file, for the normalizer and the transcriber.

``open_recording`` opens an upload and chooses its audio track; ``Recording.read`` yields the
samples on the media's own time line, whatever the container.
"""

from services.media.cleaning import Samples
from services.media.recording import Recording, open_recording
from services.media.tracks import Track, normalize_language

__all__ = ["Recording", "Samples", "Track", "normalize_language", "open_recording"]
