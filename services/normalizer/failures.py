"""Why FFmpeg failed, as jobs say it: by its exit code and by what it wrote. Pure."""

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
        WorkError("out_of_memory", "The server ran out of memory. Try again.", retryable=True),
    ),
    (
        ("Read-only file system", "Permission denied", "Input/output error"),
        WorkError(
            "storage_unavailable",
            "The server cannot write the normalized audio. Its operator has to check the disk.",
            retryable=True,
        ),
    ),
    (
        ("Unknown encoder", "No such filter", "Unrecognized option", "Error parsing options"),
        WorkError(
            "ffmpeg_unsuitable",
            "FFmpeg on this server lacks a part that is needed. Its operator has to install a "
            "complete build of FFmpeg.",
        ),
    ),
)


def name_failure(ended: FFmpegRun) -> WorkError:
    """Return the error of a run that did not do what it was to do."""
    if ended.exit_code in KILLED:
        return WorkError(
            "out_of_memory",
            "The server stopped the normalization, most likely because memory ran out. Try again.",
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
