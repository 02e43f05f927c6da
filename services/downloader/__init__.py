"""The downloader: downloads the audio of a video by URL, with yt-dlp."""
