"""The audio filters that the options ask for, in FFmpeg's words: pure."""

from services.normalizer.options import SubmissionOptions

SPEECH_RATE_HZ = 16_000
FULL_RATE_HZ = 48_000  # what Opus itself works in
# Three second-order sections make a Butterworth filter of sixth order (these are its quality
# factors): 3 dB down at 80 Hz, where deep voices begin, 36 dB down at 40 Hz, flat at 300 Hz.
HIGHPASS = ",".join(f"highpass=f=80:t=q:w={q}" for q in (0.5176, 0.7071, 1.9319))
# Silence where the timestamps have gaps, so that captions of a video whose sound starts late or
# has holes still fall on the right second.
FILL_GAPS = "aresample=async=1:first_pts=0"


def build_conversion(options: SubmissionOptions, channels: int) -> list[str]:
    """Return the filters that come first, up to the rate of the result.

    A recording of several channels stays stereo if it need not be mono; surround is folded.
    """
    layout = "mono" if options.convert_to_mono or channels == 1 else "stereo"
    filters = [FILL_GAPS, f"aformat=channel_layouts={layout}"]
    if options.apply_highpass_filter:
        filters.append(HIGHPASS)
    filters.append(f"aresample={sample_rate_hz(options)}")
    return filters


def sample_rate_hz(options: SubmissionOptions) -> int:
    """Return the rate of the result, in hertz."""
    return SPEECH_RATE_HZ if options.set_sample_rate_16k else FULL_RATE_HZ


def build_encoding(options: SubmissionOptions) -> list[str]:
    """Return FFmpeg's arguments for the form of the result, without the file's name."""
    codecs = {"webm": ["libopus"], "flac": ["flac"], "wav": ["pcm_s16le", "-rf64", "auto"]}
    # What a recording says about its place and time is nobody's business.
    return [
        "-map_metadata",
        "-1",
        "-c:a",
        *codecs[options.output_format],
        "-f",
        options.output_format,
    ]
