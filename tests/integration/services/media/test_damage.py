"""Damaged and truncated files keep the times of their sound, and jobs have a warning."""

import re
import struct
from pathlib import Path
from random import Random

import numpy as np
import pytest

from services.kit.work import WorkError
from services.media import open_recording
from services.normalizer.work import run
from tests.support.recordings import JFK, RATE_HZ, Sound, Workshop, load, locate, read
from tests.support.work_context import make_context

NEAR_S = 0.15
FRAGMENTS = ("-movflags", "frag_keyframe+empty_moov+default_base_moof", "-frag_duration", "500000")


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    return Workshop(tmp_path_factory.mktemp("media"))


def list_codes(path: Path) -> list[str]:
    recording = open_recording(path)
    read(recording)
    return [warning["code"] for warning in recording.warnings()]


INTACT = [
    ("a.mp3", ["-ar", "44100"]),
    ("vbr.mp3", ["-q:a", "5", "-write_xing", "0"]),
    ("a.aac", ["-c:a", "aac"]),
    ("a.m4a", ["-c:a", "aac"]),
    ("lossless.m4a", ["-c:a", "alac"]),
    ("fragments.mp4", ["-c:a", "aac", *FRAGMENTS]),
    ("a.3gp", ["-c:a", "aac", "-f", "3gp"]),
    ("a.webm", ["-c:a", "libopus"]),
    ("live.webm", ["-c:a", "libopus", "-live", "1"]),
    ("a.opus", ["-c:a", "libopus"]),
    ("a.ogg", ["-c:a", "libvorbis"]),
    ("a.flac", []),
    ("a.flv", ["-c:a", "aac"]),
    ("a.wma", ["-c:a", "wmav2"]),
    ("a.avi", ["-c:a", "libmp3lame"]),
    ("a.ts", ["-c:a", "aac"]),
    ("a.aiff", []),
    ("a.w64", []),
    ("a.au", []),
    ("a.caf", []),
    ("a.voc", ["-c:a", "pcm_s16le"]),
    ("a.sox", ["-c:a", "pcm_s32le"]),
    ("a.tta", []),
    ("a.wv", []),
    ("a.amr", ["-c:a", "libopencore_amrnb", "-ar", "8000"]),
    ("float.wav", ["-c:a", "pcm_f32le"]),
    ("bytes.wav", ["-c:a", "pcm_u8"]),
    ("wide.wav", ["-c:a", "pcm_s24le", "-rf64", "always"]),
]


@pytest.mark.parametrize(("name", "arguments"), INTACT, ids=[name for name, _ in INTACT])
def test_an_intact_file_has_no_warning_and_all_of_its_sound(
    workshop: Workshop, name: str, arguments: list[str]
) -> None:
    recording = open_recording(workshop.make(name, "-i", JFK, *arguments))
    sound = read(recording)[0]
    assert recording.warnings() == []
    assert len(sound) / RATE_HZ == pytest.approx(11, abs=NEAR_S)


CUT = [
    ("cut.wav", [], 11.0),
    ("cut.flac", [], 11.0),
    ("cut.mp3", ["-ar", "44100"], 11.0),
    ("fast.m4a", ["-c:a", "aac", "-movflags", "+faststart"], 11.0),
    ("cut.mp4", ["-c:a", "aac", *FRAGMENTS], None),
    ("cut.webm", ["-c:a", "libopus"], 11.0),
    ("cut.mka", ["-c:a", "aac"], 11.0),
    ("cut.opus", ["-c:a", "libopus"], None),
    ("cut.flv", ["-c:a", "aac", "-ar", "44100"], 11.0),
    ("cut.wma", ["-c:a", "wmav2", "-ar", "44100"], None),
    ("cut.avi", ["-c:a", "libmp3lame"], None),
    ("cut.aiff", [], 11.0),
    ("cut.caf", [], 11.0),
    ("cut-law.caf", ["-c:a", "pcm_mulaw"], 11.0),
    ("cut.au", [], 11.0),
    ("cut.w64", [], 11.0),
    ("cut-long.wav", ["-rf64", "always"], 11.0),
    ("cut.voc", ["-c:a", "pcm_s16le"], None),
    ("cut.sox", ["-c:a", "pcm_s32le"], 11.0),
    ("cut.wv", [], 11.0),
]


@pytest.mark.parametrize(("name", "arguments", "stated_end_s"), CUT, ids=[one[0] for one in CUT])
def test_a_truncated_file_is_read_to_its_end_with_a_warning(
    workshop: Workshop, name: str, arguments: list[str], stated_end_s: float | None
) -> None:
    recording = open_recording(workshop.cut(workshop.make(name, "-i", JFK, *arguments)))
    sound = read(recording)[0]
    end_s = len(sound) / RATE_HZ
    assert 4 < end_s < 8
    assert locate(sound, load(JFK)[: 4 * RATE_HZ]) == pytest.approx([0.0], abs=NEAR_S)
    (warning,) = recording.warnings()
    assert warning["code"] == "truncated_source"
    assert warning["start"] == pytest.approx(end_s, abs=0.05)
    if stated_end_s is not None:
        assert warning["end"] == pytest.approx(stated_end_s, abs=0.1)
        assert "are missing" in warning["detail"]


@pytest.mark.parametrize(
    ("name", "codec"), [("end.m4a", "aac"), ("end.mov", "alac"), ("end.caf", "alac")]
)
def test_a_file_without_its_index_is_refused_as_truncated(
    name: str, codec: str, workshop: Workshop
) -> None:
    path = workshop.cut(workshop.make(name, "-i", JFK, "-c:a", codec))
    with pytest.raises(WorkError, match="not_audio: The file is truncated") as refusal:
        open_recording(path)
    assert not refusal.value.retryable


@pytest.mark.parametrize("size", [0, 0xFFFFFFFF, 0x7FFFFFFF, 100_000])
def test_a_wrong_size_in_a_wav_file_hides_no_sound(workshop: Workshop, size: int) -> None:
    data = bytearray(JFK.read_bytes())
    offset = data.find(b"data") + 4
    data[offset : offset + 4] = struct.pack("<I", size)
    path = workshop.folder / "wrong.wav"
    path.write_bytes(data)
    assert list_codes(path) == []
    assert read(open_recording(path)).shape[1] == 11 * RATE_HZ


@pytest.mark.parametrize(
    ("name", "place", "size"),
    [
        ("a.au", 8, b"\xff" * 4),
        ("a.caf", None, b"\xff" * 8),
        ("a.wv", 12, b"\xff" * 4),
    ],
)
def test_a_placeholder_length_is_not_a_stated_duration(
    name: str, place: int | None, size: bytes, workshop: Workshop
) -> None:
    path = workshop.make(f"piped-{name}", "-i", JFK)
    data = bytearray(path.read_bytes())
    if place is None:
        place = data.find(b"data") + 4
    data[place : place + len(size)] = size
    path.write_bytes(data)
    assert list_codes(path) == []
    assert read(open_recording(path)).shape[1] / RATE_HZ == pytest.approx(11, abs=NEAR_S)


def test_chunks_after_the_sound_are_not_read_as_sound(workshop: Workshop) -> None:
    data = JFK.read_bytes()
    path = workshop.folder / "tagged.wav"
    path.write_bytes(data + b"LIST" + struct.pack("<I", 8) + b"INFOabcd")
    assert read(open_recording(path)).shape[1] == 11 * RATE_HZ


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("damaged.m4a", ["-c:a", "aac"]),
        ("damaged.mka", ["-c:a", "aac"]),
        ("damaged.flac", []),
        ("large.flac", ["-frame_size", "16384", "-ar", "44100", "-ac", "2"]),
    ],
)
def test_lost_packets_are_replaced_by_silence(
    workshop: Workshop, name: str, arguments: list[str]
) -> None:
    whole = workshop.make(name, "-i", JFK, "-i", JFK, "-filter_complex", "concat=2:0:1", *arguments)
    data, draw = bytearray(whole.read_bytes()), Random(1)
    for _ in range(40):  # in the middle of the first half
        place = draw.randrange(len(data) // 6, len(data) // 3)
        data[place : place + 16] = draw.randbytes(16)
    whole.write_bytes(data)
    recording = open_recording(whole)
    sound = read(recording)[0]
    assert len(sound) / RATE_HZ == pytest.approx(22, abs=NEAR_S)
    assert 11.0 in [pytest.approx(place, abs=NEAR_S) for place in locate(sound, load(JFK), 2)]
    warnings = recording.warnings()
    assert {warning["code"] for warning in warnings} == {"damaged_packets"}
    assert all(1 < warning["start"] < warning["end"] < 11 for warning in warnings)


MP3_HOLES = {
    "zeros": lambda data, start: data[:start] + bytes(20_000) + data[start + 20_000 :],
    "noise": lambda data, start: (
        data[:start] + Random(1).randbytes(20_000) + data[start + 20_000 :]
    ),
    "too much": lambda data, start: data[:start] + Random(1).randbytes(200_000) + data[start:],
}


@pytest.mark.parametrize("kind", MP3_HOLES)
@pytest.mark.parametrize(
    "arguments", [["-b:a", "64k"], ["-b:a", "64k", "-write_xing", "0"], ["-q:a", "4"]]
)
def test_sound_after_a_hole_in_mp3_keeps_its_time(
    workshop: Workshop, kind: str, arguments: list[str]
) -> None:
    """MP3 has no timestamps; the number of lost frames follows from the frame sizes."""
    twice = ["-filter_complex", "concat=2:0:1", "-ar", "44100"]
    whole = workshop.make("hole.mp3", "-i", JFK, "-i", JFK, *twice, *arguments)
    data = whole.read_bytes()
    whole.write_bytes(MP3_HOLES[kind](data, len(data) // 3))
    recording = open_recording(whole)
    sound = read(recording)[0]
    assert locate(sound, load(JFK), 2)[-1] == pytest.approx(11.0, abs=NEAR_S)
    (warning,) = recording.warnings()
    assert warning["code"] == "damaged_packets"
    lost_s = 0.05 if kind == "too much" else 20_000 / len(data) * 22
    assert warning["end"] - warning["start"] == pytest.approx(lost_s, abs=0.15)


def test_mp3_whose_end_is_zeros_is_truncated(workshop: Workshop) -> None:
    path = workshop.make("half.mp3", "-i", JFK, "-ar", "44100", "-b:a", "64k")
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2] + bytes(len(data) - len(data) // 2))
    recording = open_recording(path)
    assert read(recording).shape[1] / RATE_HZ == pytest.approx(5.5, abs=NEAR_S)
    (warning,) = recording.warnings()
    assert warning["code"] == "truncated_source"
    assert warning["end"] == pytest.approx(11.0, abs=NEAR_S)


FLAC_HOLES = {
    "zeros": lambda data, start: data[:start] + bytes(30_000) + data[start + 30_000 :],
    "nothing": lambda data, start: data[:start] + data[start + 30_000 :],
    "too much": lambda data, start: data[:start] + Random(1).randbytes(30_000) + data[start:],
}


@pytest.mark.parametrize("kind", FLAC_HOLES)
@pytest.mark.parametrize("start", [8300, 9000, 70_000])
def test_damaged_flac_keeps_the_times_of_its_frames(
    workshop: Workshop, kind: str, start: int
) -> None:
    whole = workshop.make("holed.flac", "-i", JFK)
    whole.write_bytes(FLAC_HOLES[kind](whole.read_bytes(), start))
    recording = open_recording(whole)
    sound, clip = read(recording)[0], load(JFK)
    assert len(sound) / RATE_HZ == pytest.approx(11, abs=NEAR_S)
    assert locate(sound, clip[6 * RATE_HZ :]) == pytest.approx([6.0], abs=NEAR_S)
    assert {warning["code"] for warning in recording.warnings()} == {"damaged_packets"}


def test_an_excerpt_of_flac_starts_at_zero(
    workshop: Workshop,
) -> None:
    source = workshop.make("long.flac", "-i", JFK)
    path = workshop.make("from-3.flac", "-ss", "3", "-i", source, "-c", "copy")
    recording = open_recording(path)
    sound = read(recording)[0]
    assert locate(sound, load(JFK)[6 * RATE_HZ :]) == pytest.approx([3.0], abs=NEAR_S)
    assert recording.warnings() == []


def damage_pages(data: bytes, *numbers: int) -> bytes:
    """Return Ogg whose pages with these numbers have a wrong checksum."""
    starts = [found.start() for found in re.finditer(b"OggS", data)] + [len(data)]
    damaged = bytearray(data)
    for number in numbers:
        place = (starts[number] + starts[number + 1]) // 2
        damaged[place] ^= 0xFF
    return bytes(damaged)


OGG_FORMS = {"a.opus": "libopus", "a.ogg": "libvorbis"}


@pytest.mark.parametrize("name", OGG_FORMS)
@pytest.mark.parametrize(("pages", "span_s"), [((2,), (0, 1)), ((2, 3, 4), (0, 3)), ((3,), (1, 2))])
def test_damaged_ogg_keeps_the_times_of_its_pages(
    name: str, pages: tuple[int, ...], span_s: tuple[float, float], workshop: Workshop
) -> None:
    whole = workshop.make(f"pages-{name}", "-i", JFK, "-c:a", OGG_FORMS[name])
    whole.write_bytes(damage_pages(whole.read_bytes(), *pages))
    recording = open_recording(whole)
    sound, clip = read(recording)[0], load(JFK)
    assert locate(sound, clip[4 * RATE_HZ : 9 * RATE_HZ]) == pytest.approx([4.0], abs=NEAR_S)
    (warning,) = recording.warnings()
    assert warning["code"] == "damaged_packets"
    assert (warning["start"], warning["end"]) == pytest.approx(span_s, abs=0.3)


def test_a_recording_of_a_live_broadcast_starts_at_zero(workshop: Workshop) -> None:
    data = workshop.make("station.opus", "-i", JFK, "-c:a", "libopus").read_bytes()
    starts = [found.start() for found in re.finditer(b"OggS", data)]
    path = workshop.folder / "tuned-in.opus"
    path.write_bytes(data[: starts[2]] + data[starts[5] :])
    recording = open_recording(path)
    sound = read(recording)[0]
    assert locate(sound, load(JFK)[5 * RATE_HZ :]) == pytest.approx([2.0], abs=NEAR_S)
    assert recording.warnings() == []


def test_a_lost_end_of_chained_ogg_keeps_the_time_of_the_next_link(workshop: Workshop) -> None:
    link = workshop.make("link.opus", "-i", JFK, "-c:a", "libopus")
    damaged = workshop.folder / "damaged.opus"
    damaged.write_bytes(damage_pages(link.read_bytes(), -3, -2))
    recording = open_recording(workshop.join("links.opus", damaged, link))
    sound = read(recording)[0]
    assert locate(sound, load(JFK)[: 8 * RATE_HZ], 2) == pytest.approx([0.0, 11.0], abs=NEAR_S)
    (warning,) = recording.warnings()
    assert warning["code"] == "damaged_packets"
    assert 8.5 < warning["start"] < warning["end"] == pytest.approx(11, abs=0.1)


def write_floats(path: Path, samples: Sound) -> Path:
    data = samples.astype("<f4").tobytes()
    form = struct.pack("<IHHIIHH", 16, 3, 1, RATE_HZ, RATE_HZ * 4, 4, 32)
    size = struct.pack("<I", 36 + len(data))
    head = b"RIFF" + size + b"WAVEfmt " + form + b"data" + struct.pack("<I", len(data))
    path.write_bytes(head + data)
    return path


def normalize(path: Path) -> tuple[Sound, list[str]]:
    artifact = run(make_context(path.with_suffix(".work"), path, {"output_format": "wav"}))
    codes = [warning["code"] for warning in artifact.details["warnings"]]
    return read(open_recording(artifact.path))[0], codes


def make_odd_floats() -> dict[str, Sound]:
    clip = load(JFK)
    spikes, infinite = clip.copy(), clip.copy()
    spikes[::20_000] = 1e30
    infinite[[1000, 50_000, 90_000]] = [np.inf, np.nan, -np.inf]
    return {
        "huge": clip * 1e6,
        "large": clip * 30,
        "beyond full scale": clip * 3,
        "spikes": spikes,
        "no numbers": infinite,
    }


@pytest.mark.parametrize("name", make_odd_floats())
def test_invalid_floats_are_repaired(workshop: Workshop, name: str) -> None:
    path = write_floats(workshop.folder / f"{name}.wav", make_odd_floats()[name])
    sound, codes = normalize(path)
    assert codes == []
    assert locate(sound, load(JFK)) == pytest.approx([0.0], abs=NEAR_S)
    assert np.sqrt(np.square(sound).mean()) > 0.05


@pytest.mark.parametrize("offset", [0.4, -0.6])
def test_a_constant_offset_is_removed(workshop: Workshop, offset: float) -> None:
    path = workshop.write_channels("offset.wav", 0.3 * load(JFK) + np.float32(offset))
    sound = read(open_recording(path))[0]
    assert abs(sound.mean()) < 0.001
    assert np.abs(sound - 0.3 * load(JFK)).max() < 0.02


def test_an_overdriven_recording_has_a_warning(workshop: Workshop) -> None:
    clip = load(JFK)
    path = workshop.write_channels("loud.wav", np.concatenate([0.5 * clip, 20 * clip, 0.5 * clip]))
    recording = open_recording(path)
    read(recording)
    (warning,) = recording.warnings()
    assert (warning["code"], warning["start"], warning["end"]) == ("clipped", 11, 22)


def test_a_recording_that_just_reaches_full_scale_has_no_warning(workshop: Workshop) -> None:
    clip = load(JFK)
    assert list_codes(workshop.write_channels("full.wav", clip / np.abs(clip).max())) == []


@pytest.mark.parametrize("samples", [0, 1, 400])
def test_a_few_samples_are_not_audio(workshop: Workshop, samples: int) -> None:
    path = workshop.write_channels(f"short{samples}.wav", load(JFK)[:samples])
    with pytest.raises(WorkError) as refusal:
        normalize(path)
    assert (refusal.value.code, refusal.value.retryable) == ("not_audio", False)
