"""The best subtitle track of a video is chosen."""

from typing import Any

import pytest
from pydantic import ValidationError

from services.downloader.captions import Track, choose_track
from services.downloader.options import SubmissionOptions
from services.downloader.playlists import find_videos
from services.downloader.watch import Watch
from tests.support.work_context import RecordingReport


def video(*tags: str | None, language: str | None = None, **further: Any) -> dict[str, Any]:
    subtitles = {tag: [{"url": f"http://video.test/{tag}.vtt", "ext": "vtt"}] for tag in tags}
    return {"subtitles": subtitles, "language": language, **further}


def chosen(found: dict[str, Any], asked: str) -> str | None:
    track = choose_track(found, asked)
    return track.language if track else None


@pytest.mark.parametrize(
    ("tags", "asked", "expected"),
    [
        (["en", "pt"], "pt", "pt"),
        (["pt-BR", "pt"], "pt", "pt"),  # the language itself before its variants
        (["en-US", "en-GB"], "en", "en-US"),
        (["pt_BR"], "pt", "pt_BR"),
        (["eng"], "en", "eng"),
        (["iw"], "he", "iw"),
        (["en"], "pt", None),
        (["English"], "en", None),  # a label is no language
        ([], "en", None),
    ],
)
def test_subtitles_are_found_by_their_language(
    tags: list[str], asked: str, expected: str | None
) -> None:
    assert chosen(video(*tags), asked) == expected


@pytest.mark.parametrize(
    ("tag", "code"), [("jpn", "ja"), ("zh-TW", "zh-TW"), ("iw", "he"), ("und", "und")]
)
def test_the_code_of_a_track_is_the_short_one(tag: str, code: str) -> None:
    assert Track(tag, {"ext": "vtt"}).code == code


def test_auto_takes_those_in_the_language_of_the_video_itself() -> None:
    assert chosen(video("en", "pt-BR", language="pt-BR"), "auto") == "pt-BR"
    assert chosen(video("en", "pt-PT", "pt", language="pt-BR"), "auto") == "pt"


def test_auto_takes_no_translation_for_what_is_spoken() -> None:
    assert chosen(video("en", language="pt"), "auto") is None


def test_auto_takes_the_first_ones_where_the_language_is_not_known() -> None:
    assert chosen(video("en", "pt"), "auto") == "en"
    assert chosen(video(None), "auto") == "und"


def test_recognized_speech_is_not_the_publishers() -> None:
    made = {"en": [{"url": "http://video.test/en.vtt", "ext": "vtt"}]}
    assert choose_track({"automatic_captions": made, "subtitles": {}}, "en") is None
    assert choose_track({"automatic_captions": made}, "auto") is None


def test_the_best_format_is_chosen_and_player_formats_are_ignored() -> None:
    forms = [{"url": "u", "ext": ext} for ext in ("json3", "srv3", "ttml", "srt", "vtt")]
    track = choose_track({"subtitles": {"en": forms}}, "en")
    assert track is not None
    assert track.form == "vtt"
    assert choose_track({"subtitles": {"live_chat": [{"url": "u", "ext": "json"}]}}, "auto") is None


@pytest.mark.parametrize("captions", ["", "EN", "en-US", "english", "../x"])
def test_a_submission_names_captions_by_a_code(captions: str) -> None:
    with pytest.raises(ValidationError):
        SubmissionOptions(url="http://video.test/1", captions=captions)


def test_bytes_of_subtitles_are_no_progress_of_the_video() -> None:
    report = RecordingReport()
    watch = Watch(report, 1000, 1000, is_secondary=True)
    watch.on_progress({"downloaded_bytes": 10, "total_bytes": 10})
    assert report.progress == [0.0]


def test_the_lists_of_a_channel_are_listed_too() -> None:
    channel = {
        "entries": [
            {"ie_key": "YoutubeTab", "url": "videos"},
            {"ie_key": "YoutubeTab", "url": "gone"},
            {"entries": [{"url": "inner"}, None]},
            {"ie_key": "Youtube", "url": "single"},
        ]
    }
    lists = {"videos": {"entries": [{"url": "a"}, None, {"url": "b"}]}}
    found = [entry["url"] for entry in find_videos(channel, lists.get)]
    assert found == ["a", "b", "inner", "single"]
    assert list(find_videos({"url": "a video"}, lists.get)) == [{"url": "a video"}]
