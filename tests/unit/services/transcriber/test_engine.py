"""Where the model runs."""

from services.transcriber.engine import choose_device
from services.transcriber.settings import TranscriberSettings


def test_a_cpu_works_in_8_bit_numbers() -> None:
    assert choose_device(TranscriberSettings(whisper_device="cpu")) == ("cpu", "int8")


def test_the_arithmetic_can_be_chosen() -> None:
    settings = TranscriberSettings(whisper_device="cpu", whisper_compute_type="float32")
    assert choose_device(settings) == ("cpu", "float32")
