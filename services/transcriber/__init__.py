"""Turns recorded speech into text with times, and into subtitles."""
