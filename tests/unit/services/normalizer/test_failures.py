"""Failures of FFmpeg get a code, a class and a sentence with what to do."""

import pytest

from services.normalizer.failures import classify_failure
from services.normalizer.ffmpeg import FFmpegRun


@pytest.mark.parametrize(
    ("exit_code", "log", "code", "retryable"),
    [
        (1, "av_interleaved_write_frame(): No space left on device", "disk_full", True),
        (1, "Error writing trailer: Disk quota exceeded", "disk_full", True),
        (-9, "", "out_of_memory", True),
        (137, "", "out_of_memory", True),
        (1, "[af#0:0] Cannot allocate memory", "out_of_memory", True),
        (1, "audio.webm: Read-only file system", "storage_unavailable", True),
        (1, "Unknown encoder 'libopus'", "ffmpeg_unsuitable", False),
        (1, "No such filter: 'afftdn'", "ffmpeg_unsuitable", False),
        (1, "Conversion failed!", "encoding_failed", True),
        (-11, "", "encoding_failed", True),
    ],
)
def test_a_failure_is_named(exit_code: int, log: str, code: str, *, retryable: bool) -> None:
    error = classify_failure(FFmpegRun(exit_code, 0.0, log))
    assert (error.code, error.retryable) == (code, retryable)
    assert error.message.endswith(".")
