"""The audio filters that the options ask for, in FFmpeg's words: pure."""

from services.media import SEPARATE_MARK
from services.normalizer.options import SubmissionOptions

SPEECH_RATE_HZ = 16_000
FULL_RATE_HZ = 48_000  # what Opus itself works in
# Three second-order sections make a Butterworth filter of sixth order (these are its quality
# factors): 3 dB down at 80 Hz, where deep voices begin, 36 dB down at 40 Hz, flat at 300 Hz.
HIGHPASS = ",".join(f"highpass=f=80:t=q:w={q}" for q in (0.5176, 0.7071, 1.9319))


def build_conversion(options: SubmissionOptions) -> list[str]:
    """Return the filters that come first."""
    return [HIGHPASS] if options.apply_highpass_filter else ["anull"]


def build_input(rate_hz: int, channels: int, *, is_separate: bool) -> list[str]:
    """Return FFmpeg's arguments for reading raw samples from its standard input.

    Args:
        rate_hz: The rate of the samples.
        channels: How many are interleaved.
        is_separate: Each is a voice, and none is a place in a room.
    """
    # Without a layout no filter weighs or mixes the channels by their places.
    places = ["-guess_layout_max", "0"] if is_separate else []
    form = ["-f", "f32le", "-ar", str(rate_hz), "-ac", str(channels)]
    return [*places, *form, "-i", "pipe:0"]


def build_mono(channels: int, *, is_separate: bool) -> str:
    """Return the filter that mixes all channels into one."""
    if not is_separate:
        return "aformat=channel_layouts=mono"
    return "pan=mono|c0=" + "+".join(f"c{number}" for number in range(channels))


def sample_rate_hz(options: SubmissionOptions) -> int:
    """Return the rate of the result, in hertz."""
    return SPEECH_RATE_HZ if options.set_sample_rate_16k else FULL_RATE_HZ


def build_encoding(options: SubmissionOptions, *, is_separate: bool = False) -> list[str]:
    """Return FFmpeg's arguments for the form of the result, without the file's name.

    Args:
        options: Those of the submission.
        is_separate: Each channel is another voice: it is encoded by itself, and the file says
            so to the reader.
    """
    codecs = {"webm": ["libopus"], "flac": ["flac"], "wav": ["pcm_s16le", "-rf64", "auto"]}
    alone: list[str] = []
    if is_separate:
        alone = ["-metadata", f"comment={SEPARATE_MARK}"]
        # No pair of channels shares bits, and their order stays.
        codecs["webm"] += ["-mapping_family", "255"]
    # What a recording says about its place and time is nobody's business.
    return [
        "-map_metadata",
        "-1",
        *alone,
        "-c:a",
        *codecs[options.output_format],
        "-f",
        options.output_format,
    ]
