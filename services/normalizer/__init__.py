"""Makes any recording ready for transcription: cleaned, levelled, one channel, 16 kHz."""
