"""Recordings pass through an isolator."""

import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from services.media import Samples, open_recording
from services.media.voices import plain_mix
from services.normalizer.isolation import RATE_HZ
from services.normalizer.source import Source
from services.normalizer.voice import Isolation
from tests.support.work_context import SAMPLES


class SlowIsolator:
    """Returns its input slowly."""

    def isolate(self, audio: Iterable[Samples]) -> Iterator[Samples]:
        parts = list(audio)
        time.sleep(1.2)  # longer than FFmpeg may be idle, and than its reports are apart
        yield from parts


def test_a_slow_model_does_not_count_as_stalled_decoding(tmp_path: Path) -> None:
    recording = open_recording(SAMPLES / "jfk.wav")
    source = Source(recording, plain_mix(1), max_duration_s=60)
    target = tmp_path / "voice.flac"
    isolation = Isolation(source, target, is_mono=True, on_progress=lambda _done_s: None)
    assert isolation.run(SlowIsolator()) == pytest.approx(11, abs=0.1)
    assert target.stat().st_size > RATE_HZ
