"""Short speech is repeated before its language is detected."""

import numpy as np
import pytest

from services.transcriber.pipeline import SHORT, repeat_short_speech


@pytest.mark.parametrize("length", [16_000, SHORT - 1])
def test_short_speech_is_repeated_with_pauses(length: int) -> None:
    speech = np.random.default_rng(1).random(length).astype(np.float32) + 1
    repeated = repeat_short_speech(speech)
    period = len(repeated) // 3
    for start in range(0, len(repeated), period):
        assert (repeated[start : start + length] == speech).all()
        assert not repeated[start + length : start + period].any()
    assert period > length


def test_longer_speech_is_unchanged() -> None:
    speech = np.ones(SHORT, np.float32)
    assert repeat_short_speech(speech) is speech
