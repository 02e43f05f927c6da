"""Classify failures of FFmpeg by its exit code and its log. Pure."""

from services.kit.work import WorkError
from services.normalizer.ffmpeg import FFmpegRun

KILLED = frozenset({-9, 137})
CAUSES = (
    (
        ("No space left on device", "Disk quota exceeded"),
        WorkError("disk_full", "The server's disk is full. Try again later.", retryable=True),
    ),
    (
        ("Cannot allocate memory", "Out of memory"),
        WorkError(
            "out_of_memory", "The server ran out of memory. Try again later.", retryable=True
        ),
    ),
    (
        ("Read-only file system", "Permission denied", "Input/output error"),
        WorkError(
            "storage_unavailable",
            "The server cannot write the normalized audio. Ask the operator to check its disk.",
            retryable=True,
        ),
    ),
    (
        ("Unknown encoder", "No such filter", "Unrecognized option", "Error parsing options"),
        WorkError(
            "ffmpeg_unsuitable",
            "FFmpeg on this server lacks a required component. Ask the operator to install a "
            "complete build of FFmpeg.",
        ),
    ),
)


def classify_failure(ended: FFmpegRun) -> WorkError:
    """Return the error of a failed run."""
    if ended.exit_code in KILLED:
        return WorkError(
            "out_of_memory",
            "The server killed FFmpeg, most likely because it ran out of memory. Try again later.",
            retryable=True,
        )
    for texts, error in CAUSES:
        if any(text in ended.log for text in texts):
            return WorkError(error.code, error.message, retryable=error.retryable)
    return WorkError(
        "encoding_failed",
        "FFmpeg could not process the audio. Try again, or convert the file first.",
        retryable=True,
    )
