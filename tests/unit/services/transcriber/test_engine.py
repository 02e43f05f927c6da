"""The device and the compute type of the model."""

from services.transcriber.engine import choose_device
from services.transcriber.settings import TranscriberSettings


def test_a_cpu_uses_8_bit_integers() -> None:
    assert choose_device(TranscriberSettings(whisper_device="cpu")) == ("cpu", "int8")


def test_the_compute_type_can_be_set() -> None:
    settings = TranscriberSettings(whisper_device="cpu", whisper_compute_type="float32")
    assert choose_device(settings) == ("cpu", "float32")
