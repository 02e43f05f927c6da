"""What makes the model's answer suspect, and where the model runs."""

import pytest

from services.transcriber.engine import choose_device, has_hole
from services.transcriber.settings import TranscriberSettings
from services.transcriber.transcript import Word


def at(*times_s: tuple[float, float]) -> list[Word]:
    return [Word(" word", start_s, end_s, 0.9) for start_s, end_s in times_s]


@pytest.mark.parametrize(
    ("times_s", "is_suspect"),
    [
        ([(0.0, 2.0), (2.5, 5.0), (6.0, 8.0)], False),
        ([(0.0, 2.0), (6.0, 8.0)], True),  # in between
        ([(4.0, 6.0), (6.0, 8.0)], True),  # at the beginning
        ([(0.0, 2.0), (2.0, 4.0)], True),  # at the end
        ([(0.0, 5.0), (5.0, 8.0)], True),  # hidden in a word
        ([], True),
    ],
)
def test_speech_without_words_is_noticed(
    times_s: list[tuple[float, float]], *, is_suspect: bool
) -> None:
    assert has_hole(at(*times_s), 8.0) == is_suspect


def test_a_cpu_works_in_8_bit_numbers() -> None:
    assert choose_device(TranscriberSettings(whisper_device="cpu")) == ("cpu", "int8")


def test_the_arithmetic_can_be_chosen() -> None:
    settings = TranscriberSettings(whisper_device="cpu", whisper_compute_type="float32")
    assert choose_device(settings) == ("cpu", "float32")
