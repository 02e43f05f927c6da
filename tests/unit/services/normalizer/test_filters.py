"""The filters that the normalizer's options ask for."""

import pytest
from pydantic import ValidationError

from services.normalizer.filters import (
    HIGHPASS,
    build_conversion,
    build_encoding,
    build_input,
    build_mono,
    sample_rate_hz,
)
from services.normalizer.options import SubmissionOptions


def test_the_default_is_16_khz_without_a_highpass() -> None:
    assert sample_rate_hz(SubmissionOptions()) == 16_000
    assert HIGHPASS not in build_conversion(SubmissionOptions())


def test_the_full_rate_is_kept_on_demand() -> None:
    assert sample_rate_hz(SubmissionOptions(set_sample_rate_16k=False)) == 48_000


def test_the_highpass_is_added_on_demand() -> None:
    assert HIGHPASS in build_conversion(SubmissionOptions(apply_highpass_filter=True))


def test_separate_voices_have_no_places_and_share_no_bits() -> None:
    assert "-guess_layout_max" in build_input(16_000, 2, is_separate=True)
    assert "-guess_layout_max" not in build_input(16_000, 2, is_separate=False)
    encoding = build_encoding(SubmissionOptions(), is_separate=True)
    assert encoding[encoding.index("-mapping_family") + 1] == "255"
    assert build_mono(3, is_separate=True) == "pan=mono|c0=c0+c1+c2"


@pytest.mark.parametrize("track", ["0", "-1", "first", "en_", "1.5"])
def test_a_track_is_a_number_or_a_language(track: str) -> None:
    with pytest.raises(ValidationError, match="track number"):
        SubmissionOptions.model_validate({"audio_track": track})


def test_empty_form_fields_are_those_that_were_not_sent() -> None:
    fields = {"channels": "", "audio_track": " ", "language": ""}
    assert SubmissionOptions.model_validate(fields) == SubmissionOptions()


def test_options_are_read_from_the_text_of_a_form() -> None:
    options = SubmissionOptions.model_validate({"remove_noise": "false", "isolate_vocals": "true"})
    assert (options.remove_noise, options.isolate_vocals) == (False, True)
