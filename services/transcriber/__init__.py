"""The transcriber: converts recorded speech to timed text and subtitles."""
