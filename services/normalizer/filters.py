"""Build FFmpeg arguments for the options of a submission. Pure."""

from services.media import SEPARATE_MARK
from services.normalizer.options import SubmissionOptions

SPEECH_RATE_HZ = 16_000
FULL_RATE_HZ = 48_000  # the native rate of Opus
# Three second-order sections make a Butterworth filter of sixth order (these are its quality
# factors): -3 dB at 80 Hz, where deep voices start, -36 dB at 40 Hz, flat at 300 Hz.
HIGHPASS = ",".join(f"highpass=f=80:t=q:w={q}" for q in (0.5176, 0.7071, 1.9319))


def build_conversion(options: SubmissionOptions) -> list[str]:
    """Return the first filters of every pass."""
    return [HIGHPASS] if options.apply_highpass_filter else ["anull"]


def build_input(rate_hz: int, channels: int, *, is_separate: bool) -> list[str]:
    """Return FFmpeg's arguments for reading raw samples from its standard input.

    Args:
        rate_hz: The rate of the samples.
        channels: The number of interleaved channels.
        is_separate: Whether each channel is a voice instead of a loudspeaker position.
    """
    # Without a layout no filter weights or mixes the channels by their positions.
    layout = ["-guess_layout_max", "0"] if is_separate else []
    encoding = ["-f", "f32le", "-ar", str(rate_hz), "-ac", str(channels)]
    return [*layout, *encoding, "-i", "pipe:0"]


def build_mono(channels: int, *, is_separate: bool) -> str:
    """Return the filter that mixes all channels into one."""
    if not is_separate:
        return "aformat=channel_layouts=mono"
    return "pan=mono|c0=" + "+".join(f"c{number}" for number in range(channels))


def sample_rate_hz(options: SubmissionOptions) -> int:
    """Return the rate of the result, in hertz."""
    return SPEECH_RATE_HZ if options.set_sample_rate_16k else FULL_RATE_HZ


def build_encoding(options: SubmissionOptions, *, is_separate: bool = False) -> list[str]:
    """Return FFmpeg's arguments for encoding the result, without the file name.

    Args:
        options: The options of the submission.
        is_separate: Whether each channel is a voice: channels are encoded independently, and the
            file is marked for its reader.
    """
    codecs = {"webm": ["libopus"], "flac": ["flac"], "wav": ["pcm_s16le", "-rf64", "auto"]}
    mark: list[str] = []
    if is_separate:
        mark = ["-metadata", f"comment={SEPARATE_MARK}"]
        # No joint coding of channel pairs, and no change of their order.
        codecs["webm"] += ["-mapping_family", "255"]
    # Remove metadata such as location and time, for privacy.
    return [
        "-map_metadata",
        "-1",
        *mark,
        "-c:a",
        *codecs[options.output_format],
        "-f",
        options.output_format,
    ]
