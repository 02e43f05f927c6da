"""Decoding fails if it does not progress; the time of its caller does not count."""

import io
import wave
from itertools import count

import av
import pytest

from services.kit.work import WorkError
from services.media.decoding import Decoder

SECOND = 16_000


def make_recording() -> io.BytesIO:
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(SECOND)
        sound.writeframes(bytes(2 * 3 * SECOND))
    file.seek(0)
    return file


def test_the_time_that_the_caller_takes_is_not_idle() -> None:
    now = [0.0]
    samples = 0
    with av.open(make_recording(), "r") as container:
        for decoded in Decoder(container, 0, 10, clock=lambda: now[0]).decode():
            samples += decoded.frame.samples if decoded.frame else 0
            now[0] += 60
    assert samples == 3 * SECOND
    assert now[0] > 60, "several frames were decoded"


def test_decoding_that_does_not_progress_fails() -> None:
    clock = map(float, count(step=11))
    with av.open(make_recording(), "r") as container, pytest.raises(WorkError) as failure:
        list(Decoder(container, 0, 10, clock=lambda: next(clock)).decode())
    assert (failure.value.code, failure.value.retryable) == ("decoding_stalled", True)
