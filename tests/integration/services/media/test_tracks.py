"""The choice of an audio track."""

from pathlib import Path

import pytest

from services.kit.work import WorkError
from services.media import open_recording
from services.normalizer.work import run
from tests.support.recordings import JFK, PANGRAM, Workshop, load, locate, read
from tests.support.work_context import make_context

SILENCE = ("-f", "lavfi", "-i", "anullsrc=r=16000:cl=mono")
TONE = ("-f", "lavfi", "-i", "sine=300:r=16000")
TWO = ("-map", "0:a", "-map", "1:a", "-t", "11", "-c:a", "aac")


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    return Workshop(tmp_path_factory.mktemp("media"))


def contains_clip(path: Path, **choice: str | int) -> bool:
    recording = open_recording(path, **choice)  # type: ignore[arg-type]  # a str for each
    return bool(locate(read(recording)[0], load(JFK)))


@pytest.fixture(scope="module")
def languages(workshop: Workshop) -> Path:
    tags = ["-metadata:s:a:0", "language=por", "-metadata:s:a:1", "language=eng"]
    return workshop.make("languages.mkv", "-i", PANGRAM, "-i", JFK, *TWO, *tags)


def break_codec(path: Path, *, last: bool) -> Path:
    """Set the codec of a track to an unsupported one, like the spatial audio of a phone."""
    data = bytearray(path.read_bytes())
    offset = data.rfind(b"mp4a") if last else data.find(b"mp4a")
    data[offset : offset + 4] = b"apac"
    details = data.find(b"esds", offset)
    data[details : details + 4] = b"dapa"
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("suffix", ["mkv", "mp4", "mov", "ts"])
@pytest.mark.parametrize("other", [SILENCE, TONE], ids=["silence", "tone"])
def test_a_first_track_without_speech_is_passed_over(
    workshop: Workshop, suffix: str, other: tuple[str, ...]
) -> None:
    path = workshop.make(f"first.{suffix}", *other, "-i", JFK, *TWO)
    assert contains_clip(path)


def test_a_silent_second_track_causes_no_warning(workshop: Workshop) -> None:
    recording = open_recording(workshop.make("second.mp4", "-i", JFK, *SILENCE, *TWO))
    assert (recording.chosen.number, recording.warnings()) == (1, [])


def test_a_deliberate_default_track_is_used(workshop: Workshop) -> None:
    flags = ["-disposition:a:0", "0", "-disposition:a:1", "default"]
    assert contains_clip(workshop.make("default.mkv", "-i", PANGRAM, "-i", JFK, *TWO, *flags))


@pytest.mark.parametrize("kind", ["comment", "dub", "visual_impaired"])
def test_a_secondary_track_is_not_used(workshop: Workshop, kind: str) -> None:
    flags = ["-disposition:a:0", f"default+{kind}", "-disposition:a:1", "0"]
    assert contains_clip(workshop.make(f"{kind}.mkv", "-i", PANGRAM, "-i", JFK, *TWO, *flags))


@pytest.mark.parametrize("language", ["en", "eng", "en-US", "EN_gb"])
def test_the_track_in_the_requested_language_is_used(languages: Path, language: str) -> None:
    assert contains_clip(languages, language=language)
    assert contains_clip(languages, track=language)


@pytest.mark.parametrize("language", [None, "auto", "pt-BR", "fr"])
def test_without_a_match_the_first_track_is_used_with_a_warning(
    languages: Path, language: str | None
) -> None:
    recording = open_recording(languages, language=language)
    (warning,) = recording.warnings()
    assert (recording.chosen.number, warning["code"]) == (1, "several_tracks")
    assert "2 (eng, aac)" in warning["detail"]


def test_a_requested_track_is_used_without_a_warning(languages: Path) -> None:
    recording = open_recording(languages, track="2")
    read(recording)
    assert (recording.chosen.number, recording.warnings()) == (2, [])


@pytest.mark.parametrize("track", ["3", "fr", 9])
def test_the_refusal_of_a_missing_track_lists_the_tracks(languages: Path, track: str | int) -> None:
    with pytest.raises(WorkError, match=r"1 \(por, aac\); 2 \(eng, aac\)") as refusal:
        open_recording(languages, track=track)
    assert (refusal.value.code, refusal.value.retryable) == ("invalid_track", False)


@pytest.mark.parametrize("is_last", [True, False])
def test_a_track_with_an_unsupported_codec_is_not_chosen(
    workshop: Workshop, *, is_last: bool
) -> None:
    inputs = ["-i", str(JFK), *SILENCE] if is_last else [*SILENCE, "-i", str(JFK)]
    path = break_codec(workshop.make("phone.mp4", *inputs, *TWO), last=is_last)
    assert contains_clip(path)
    with pytest.raises(WorkError, match="cannot be decoded"):
        open_recording(path, track=2 if is_last else 1)


def test_a_file_with_only_an_unsupported_codec_is_not_audio(workshop: Workshop) -> None:
    path = break_codec(workshop.make("alone.mp4", "-i", JFK, "-c:a", "aac"), last=True)
    with pytest.raises(WorkError) as refusal:
        open_recording(path)
    assert (refusal.value.code, refusal.value.retryable) == ("not_audio", False)


@pytest.mark.parametrize("name", ["cover.mp3", "cover.m4a", "cover.flac"])
def test_a_cover_does_not_change_the_time_line(workshop: Workshop, name: str) -> None:
    cover = workshop.make("cover.png", "-f", "lavfi", "-i", "color=s=16x16", "-frames:v", "1")
    copy = ["-map", "0", "-map", "1", "-c:v", "copy", "-disposition:v", "attached_pic"]
    path = workshop.make(name, "-i", JFK, "-i", cover, *copy)
    assert locate(read(open_recording(path))[0], load(JFK)) == pytest.approx([0.0], abs=0.1)


def test_a_job_lists_the_tracks(languages: Path, tmp_path: Path) -> None:
    details = run(make_context(tmp_path, languages, {"language": "en"})).details
    first, second = details["audio_tracks"]
    assert (first["number"], first["language"], first["chosen"]) == (1, "por", False)
    assert (second["number"], second["language"], second["chosen"]) == (2, "eng", True)
    assert second["codec"] == "aac"
    assert [warning["code"] for warning in details["warnings"]] == ["several_tracks"]
