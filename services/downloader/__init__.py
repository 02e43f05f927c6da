"""Fetches the audio of a video by its address, with yt-dlp."""
