"""The normalizer: prepares recordings for transcription (noise removal, loudness, mono, 16 kHz)."""
