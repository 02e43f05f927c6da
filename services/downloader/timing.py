"""The timeouts of requests, and the pauses between retries."""

from dataclasses import dataclass

__all__ = ["Timing"]


@dataclass(frozen=True)
class Timing:
    """Timeouts and pauses of a download, in seconds."""

    socket_timeout_s: float = 20.0
    """Limit of one read from a connection."""
    max_retry_pause_s: float = 4.0
    """Limit of yt-dlp's pauses between attempts, which start at 0.5 s and double."""
    probe_pauses_s: tuple[float, ...] = (0.5, 1.0)
    """Pauses between the attempts of the first request."""
    segment_pause_s: float = 0.5
    """Pause after the first failed attempt of a segment; it doubles with each attempt."""
    resume_pause_s: float = 0.2
    """Pause before a broken transfer is resumed; it doubles while no bytes arrive."""
