"""The filters that the normalizer's options ask for."""

from services.normalizer.filters import HIGHPASS, build_conversion
from services.normalizer.options import SubmissionOptions


def test_the_default_is_one_channel_at_16_khz_without_a_highpass() -> None:
    filters = build_conversion(SubmissionOptions(), channels=2)
    assert "aformat=channel_layouts=mono" in filters
    assert filters[-1] == "aresample=16000"
    assert HIGHPASS not in filters


def test_stereo_and_full_rate_are_kept_on_demand() -> None:
    options = SubmissionOptions(convert_to_mono=False, set_sample_rate_16k=False)
    filters = build_conversion(options, channels=6)
    assert "aformat=channel_layouts=stereo" in filters
    assert filters[-1] == "aresample=48000"


def test_the_highpass_is_added_on_demand() -> None:
    assert HIGHPASS in build_conversion(SubmissionOptions(apply_highpass_filter=True), 1)


def test_options_are_read_from_the_text_of_a_form() -> None:
    options = SubmissionOptions.model_validate({"remove_noise": "false", "isolate_vocals": "true"})
    assert (options.remove_noise, options.isolate_vocals) == (False, True)
