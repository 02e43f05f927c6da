"""Sound keeps its presentation time in every container format."""

import struct
from pathlib import Path

import numpy as np
import pytest

from services.kit.work import WorkError
from services.media import open_recording
from services.media.assembly import BLOCK_VALUES
from tests.support.recordings import JFK, PANGRAM, PICTURE, RATE_HZ, Workshop, load, locate, read

NEAR_S = 0.15
CLIP_S = 11.0
PIECES = ("list0.m4s", "list1.m4s", "list2.m4s", "list3.m4s")
MPEG2 = ("-c:v", "mpeg2video")


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    return Workshop(tmp_path_factory.mktemp("media"))


def find_clips(path: Path, count: int = 1) -> list[float]:
    """Return the times of the clip, and check that the file has no warning."""
    recording = open_recording(path)
    sound = read(recording)
    assert recording.warnings() == []
    return locate(sound.mean(axis=0), load(JFK), count)


@pytest.mark.parametrize(
    ("name", "codecs"),
    [
        ("late.mkv", [*MPEG2, "-c:a", "aac"]),
        ("late.webm", ["-c:v", "libvpx", "-c:a", "libopus"]),
        ("late.mp4", [*MPEG2, "-c:a", "aac"]),
        ("late.ts", [*MPEG2, "-c:a", "aac"]),
        ("late.m2ts", [*MPEG2, "-c:a", "ac3"]),
        ("late.mpg", [*MPEG2, "-c:a", "mp2", "-ar", "44100"]),
        ("late.vob", [*MPEG2, "-c:a", "ac3", "-ar", "48000"]),
        ("late.flv", ["-c:v", "flv", "-c:a", "aac", "-ar", "44100"]),
        ("late.wmv", ["-c:v", "wmv2", "-c:a", "wmav2"]),
    ],
)
def test_audio_that_starts_after_the_video_is_late(
    workshop: Workshop, name: str, codecs: list[str]
) -> None:
    path = workshop.make(
        name, *PICTURE, "-itsoffset", "4.9", "-i", JFK, "-map", "0", "-map", "1", "-t", "16",
        *codecs,
    )  # fmt: skip
    assert find_clips(path) == pytest.approx([4.9], abs=NEAR_S)


@pytest.mark.parametrize(
    "codec", [("pcm_s16le", "44100"), ("libmp3lame", "44100"), ("aac", "44100"), ("ac3", "48000")]
)
def test_the_start_that_an_avi_file_states_is_kept(
    workshop: Workshop, codec: tuple[str, str]
) -> None:
    """The start is in the header of the stream. FFmpeg reads it but never writes it."""
    name, rate = codec
    path = workshop.make(
        "late.avi", *PICTURE, "-i", JFK, "-map", "0", "-map", "1", "-t", "16", *MPEG2, "-c:a",
        name, "-ar", rate,
    )  # fmt: skip
    assert find_clips(path) == pytest.approx([0.0], abs=NEAR_S)
    data = bytearray(path.read_bytes())
    header = data.index(b"auds")
    scale, per_scale = struct.unpack_from("<II", data, header + 20)
    struct.pack_into("<I", data, header + 28, round(4.9 * per_scale / scale))
    path.write_bytes(data)
    assert find_clips(path) == pytest.approx([4.9], abs=NEAR_S)


@pytest.mark.parametrize(
    "options", [("-use_editlist", "0"), ("-movflags", "+frag_keyframe+empty_moov")]
)
@pytest.mark.parametrize("rate_hz", [8000, 16_000, 48_000])
def test_priming_samples_of_aac_count_without_an_edit_list(
    workshop: Workshop, options: tuple[str, str], rate_hz: int
) -> None:
    """The encoder adds a frame of silence at the start, and players play it."""
    path = workshop.make(
        "primed.mp4", *PICTURE, "-i", JFK, "-t", "12", *MPEG2, "-c:a", "aac", "-ar", str(rate_hz),
        *options,
    )  # fmt: skip
    assert find_clips(path) == pytest.approx([1024 / rate_hz], abs=0.03)


def test_a_first_timestamp_of_ten_hours_is_not_silence(workshop: Workshop) -> None:
    path = workshop.make(
        "ten.ts", *PICTURE, "-itsoffset", "2", "-i", JFK, "-map", "0", "-map", "1", "-t", "13",
        *MPEG2, "-c:a", "aac", "-output_ts_offset", "36000",
    )  # fmt: skip
    assert find_clips(path) == pytest.approx([2.0], abs=NEAR_S)


def test_an_excerpt_of_a_live_stream_starts_at_zero(workshop: Workshop) -> None:
    part = workshop.make(
        "live.webm", "-i", JFK, "-c:a", "libopus", "-output_ts_offset", "36000", "-live", "1"
    )
    assert find_clips(part) == pytest.approx([0.0], abs=NEAR_S)


@pytest.mark.parametrize("suffix", ["mkv", "mp4", "ts"])
def test_audio_that_starts_before_the_video_starts_at_zero(workshop: Workshop, suffix: str) -> None:
    path = workshop.make(
        f"early.{suffix}", "-i", JFK, "-itsoffset", "3", *PICTURE, "-map", "0", "-map", "1",
        "-t", "14", *MPEG2, "-c:a", "aac",
    )  # fmt: skip
    assert find_clips(path) == pytest.approx([0.0], abs=NEAR_S)


def test_audio_after_twenty_minutes_of_video_is_read(workshop: Workshop) -> None:
    picture = ["-f", "lavfi", "-i", "color=s=16x16:r=1:d=1212"]
    path = workshop.make(
        "twenty.mkv", *picture, "-itsoffset", "1200", "-i", JFK, "-map", "0", "-map", "1", *MPEG2,
        "-c:a", "aac",
    )  # fmt: skip
    blocks = [*open_recording(path).read(RATE_HZ, max_duration_s=43_200)]
    assert max(block.size for block in blocks) <= BLOCK_VALUES
    sound = np.concatenate(blocks, axis=1)[0]
    assert not sound[: 1199 * RATE_HZ].any()
    start = 1190 * RATE_HZ
    assert locate(sound[start:], load(JFK)) == pytest.approx([10.0], abs=NEAR_S)


@pytest.mark.parametrize("suffix", ["mkv", "mp4", "ts", "flv"])
def test_a_gap_in_the_middle_is_silence(workshop: Workshop, suffix: str) -> None:
    """The audio continues at 31 s; until then there are only video packets."""
    twice = "[0]asplit[x][y];[y]adelay=31000[z];[x][z]amix=normalize=0"
    graph = f"{twice},aselect='lt(t,11)+gte(t,31)'[sound]"
    picture = ["-c:v", "flv"] if suffix == "flv" else MPEG2
    path = workshop.make(
        f"gap.{suffix}", "-i", JFK, *PICTURE, "-filter_complex", graph, "-map", "1", "-map",
        "[sound]", "-t", "43", *picture, "-c:a", "aac", "-ar", "44100",
    )  # fmt: skip
    assert find_clips(path, 2) == pytest.approx([0.0, 31.0], abs=NEAR_S)


def make_forms(workshop: Workshop, suffix: str, *codec: str) -> list[Path]:
    """Return the clip in one channel and in two, at two rates."""
    forms = [("a", "1", "16000"), ("b", "2", "48000")]
    return [
        workshop.make(f"{name}.{suffix}", "-i", JFK, "-ac", channels, "-ar", rate, *codec)
        for name, channels, rate in forms
    ]


@pytest.mark.parametrize(
    ("suffix", "codec"),
    [
        ("mp3", ()),
        ("aac", ("-c:a", "aac")),
        ("opus", ("-c:a", "libopus")),
        ("ogg", ("-c:a", "libvorbis")),
        ("flac", ()),
        ("wav", ()),
        ("m4a", ("-c:a", "aac")),
        ("ts", ("-c:a", "aac")),
        ("webm", ("-c:a", "libopus")),
    ],
)
def test_joined_files_of_different_sample_rates_are_consecutive(
    workshop: Workshop, suffix: str, codec: tuple[str, ...]
) -> None:
    first, second = make_forms(workshop, suffix, *codec)
    path = workshop.join(f"joined.{suffix}", first, second, first)
    assert find_clips(path, 3) == pytest.approx([0, CLIP_S, 2 * CLIP_S], abs=0.25)


def test_fragmented_parts_with_an_index_each_are_consecutive(workshop: Workshop) -> None:
    """Downloaders write such a file for HLS with a second EXT-X-MAP."""
    flags = ["-movflags", "frag_keyframe+empty_moov+default_base_moof", "-c:a", "aac"]
    forms = [
        workshop.make(f"{name}.mp4", "-i", JFK, *form, *flags, "-frag_duration", "2000000")
        for name, form in [("one", ["-ar", "16000"]), ("two", ["-ar", "44100", "-ac", "2"])]
    ]
    path = workshop.join("parts.mp4", *forms)
    assert find_clips(path, 2) == pytest.approx([0, CLIP_S], abs=0.25)


def test_fragments_of_one_stream_with_a_repeated_index_keep_their_times(workshop: Workshop) -> None:
    """The timestamps of the second part are those of the stream: it starts at six seconds."""
    whole = ["-f", "hls", "-hls_segment_type", "fmp4", "-hls_time", "3", "-hls_list_size", "0"]
    workshop.make("list.m3u8", "-i", JFK, "-c:a", "aac", *whole)
    index, *pieces = (workshop.folder / name for name in ("init.mp4", *PIECES))
    path = workshop.join("again.mp4", index, *pieces[:2], index, *pieces[2:])
    assert find_clips(path) == pytest.approx([0.0], abs=NEAR_S)


@pytest.fixture(scope="module")
def programme(workshop: Workshop) -> dict[str, Path]:
    """Parts of a broadcast, twelve seconds each, with different first timestamps."""

    def make(name: str, clip: Path, offset_s: int, length_s: int = 12) -> Path:
        return workshop.make(
            name, "-i", clip, *PICTURE, "-map", "1", "-map", "0", "-t", str(length_s), *MPEG2,
            "-c:a", "aac", "-ar", "44100", "-output_ts_offset", str(offset_s),
        )  # fmt: skip

    return {
        "start": make("start.ts", JFK, 0),
        "hours later": make("later.ts", JFK, 36_000),
        "rest": make("rest.ts", JFK, 12),
        "advertisement": make("ad.ts", PANGRAM, 0, 4),
    }


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        (["start", "start"], [0, 12]),
        (["start", "hours later"], [0, 12]),
        (["hours later", "start"], [0, 12]),
        (["start", "hours later", "start"], [0, 12, 24]),
        (["start", "rest"], [0, 12]),
        (["start", "advertisement", "rest"], [0, 16]),
        (["advertisement", "start"], [4]),
    ],
)
def test_a_discontinuity_is_not_a_gap(
    workshop: Workshop, programme: dict[str, Path], parts: list[str], expected: list[float]
) -> None:
    path = workshop.join("programme.ts", *(programme[part] for part in parts))
    assert find_clips(path, len(expected)) == pytest.approx(expected, abs=0.25)


def test_audio_that_continues_in_another_stream_is_followed(workshop: Workshop) -> None:
    first, second = (
        workshop.make(f"{number}.ts", "-i", JFK, "-c:a", "aac", "-streamid", f"0:{number}")
        for number in (257, 300)
    )
    path = workshop.join("numbers.ts", first, second)
    assert find_clips(path, 2) == pytest.approx([0, CLIP_S], abs=0.25)


@pytest.mark.parametrize("offset_s", [0, 1000])
def test_streams_that_are_declared_late_in_a_large_file_are_read(
    workshop: Workshop, offset_s: int
) -> None:
    """Streams are searched by libav only in the first five megabytes."""

    def make(name: str, picture: int, sound: int, offset_s: int) -> Path:
        return workshop.make(
            name, "-i", JFK, *PICTURE, "-map", "1", "-map", "0", "-t", "12", *MPEG2, "-c:a", "aac",
            "-ar", "44100", "-streamid", f"0:{picture}", "-streamid", f"1:{sound}", "-muxrate",
            "5M", "-output_ts_offset", str(offset_s),
        )  # fmt: skip

    programme = make("large.ts", 256, 257, 0)
    advertisement = make(f"other{offset_s}.ts", 299, 300, offset_s)
    path = workshop.join("announced.ts", programme, advertisement, programme)
    assert find_clips(path, 3) == pytest.approx([0, 12, 24], abs=0.25)


def test_video_without_audio_at_a_join_keeps_its_duration(
    workshop: Workshop, programme: dict[str, Path]
) -> None:
    """The audio of each part ends one second before its video."""
    path = workshop.join("tail.ts", programme["start"], programme["start"])
    assert read(open_recording(path)).shape[1] / RATE_HZ == pytest.approx(23, abs=0.25)


def test_a_file_that_is_too_long_is_refused_before_silence_is_generated(
    workshop: Workshop,
) -> None:
    path = workshop.make("day.mkv", "-itsoffset", "90000", "-i", JFK, "-c:a", "flac")
    with pytest.raises(WorkError, match="file_too_large"):
        read(open_recording(path))
