"""Real subtitle files are parsed into segments."""

import pytest

from services.downloader.subtitles import SubtitlesError, parse_subtitles

VTT = """WEBVTT - a title

STYLE
::cue { color: red }

NOTE a remark

first
00:00:01.000 --> 00:00:03.000 align:start position:0%
<v Bob>Hello &amp; <i>welcome</i></v>
<00:00:01.500><c.yellow>to</c> R&amp;B&nbsp;night, 1 &lt; 2

00:03.000 --> 00:05.500
{aside} &#39;quoted&#39; – café
"""
SRT = """1\r
00:00:01,000 --> 00:00:03,000\r
<font color="red">Olá</font> {\\an8}mundo\r
segunda linha\r
\r
2\r
00:01:02,500 --> 00:01:04,000\r
<i>fim</i>\r
"""
TTML = """<?xml version="1.0" encoding="utf-8"?>
<tt xmlns="http://www.w3.org/ns/ttml" xml:lang="en"><body><div>
<p begin="00:00:01.000" end="00:00:02.000">Hi &amp; <span>there</span><br/>you</p>
<p begin="2.5s" dur="1s">bye</p>
</div></body></tt>"""
ASS = """[Script Info]
ScriptType: v4.00+

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
Comment: 0,0:00:00.00,0:00:01.00,Default,,0,0,0,,not shown
Dialogue: 0,0:00:01.00,0:00:02.50,Default,,0,0,0,,{\\i1}On{\\i0} the\\Nway
"""


def texts(data: str) -> list[str]:
    return [str(segment["text"]) for segment in parse_subtitles(data.encode())]


def vtt(*cues: tuple[str, str, str]) -> str:
    body = "\n\n".join(f"00:{start} --> 00:{end}\n{text}" for start, end, text in cues)
    return f"WEBVTT\n\n{body}\n"


def test_a_segment_has_its_text_and_its_times_in_seconds() -> None:
    assert parse_subtitles(SRT.encode()) == [
        {"text": "Olá mundo segunda linha", "start": 1.0, "end": 3.0, "duration": 2.0},
        {"text": "fim", "start": 62.5, "end": 64.0, "duration": 1.5},
    ]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (VTT, ["Hello & welcome to R&B night, 1 < 2", "{aside} 'quoted' – café"]),
        (TTML, ["Hi & there you", "bye"]),
        (ASS, ["On the way"]),
    ],
    ids=["vtt", "ttml", "ass"],
)
def test_every_form_is_read_without_tags_and_entities(data: str, expected: list[str]) -> None:
    assert texts(data) == expected


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_files_of_any_editor_are_read(encoding: str) -> None:
    assert parse_subtitles(SRT.encode(encoding))[0]["text"] == "Olá mundo segunda linha"


def test_scrolling_lines_appear_once() -> None:
    rolling = vtt(
        ("00.000", "02.000", "one two"),
        ("02.000", "02.010", "one two"),
        ("02.010", "04.000", "one two\nthree four"),
        ("04.000", "04.010", "three four"),
        ("04.010", "06.000", "three four\nfive"),
    )
    assert texts(rolling) == ["one two", "three four", "five"]
    assert parse_subtitles(rolling.encode())[0]["end"] == 2.01


def test_lines_that_are_spoken_twice_stay_twice() -> None:
    chorus = vtt(
        ("00.000", "02.000", "Oh yeah"),
        ("02.000", "04.000", "Oh yeah"),
        ("04.000", "06.000", "Now the verse"),
        ("06.000", "08.000", "and some more"),
    )
    assert texts(chorus) == ["Oh yeah", "Oh yeah", "Now the verse", "and some more"]


def test_no_segment_reaches_into_the_next_one() -> None:
    overlapping = vtt(
        ("04.000", "06.000", "last"),
        ("00.000", "03.000", "first"),
        ("02.000", "05.000", "second"),
        ("02.000", "04.500", "at once"),
    )
    segments = parse_subtitles(overlapping.encode())
    assert [(one["text"], one["start"], one["end"]) for one in segments] == [
        ("first", 0.0, 2.0),
        ("at once second", 2.0, 4.0),
        ("last", 4.0, 6.0),
    ]


def test_a_duplicate_cue_or_one_that_ends_before_it_starts_is_one_with_some_length() -> None:
    odd = vtt(("03.000", "02.000", "odd"), ("03.000", "02.000", "odd"), ("05.000", "06.000", "ok"))
    segments = parse_subtitles(odd.encode())
    assert [one["text"] for one in segments] == ["odd", "ok"]
    assert all(one["end"] > one["start"] for one in segments)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"WEBVTT\n\n",
        b"<html><body>Not found</body></html>",
        b"<tt this is no XML",
        b"\x00\x01\x02",
        b"WEBVTT\n\n00:00.000 --> 00:01.000\n<i></i>&nbsp;\n",
    ],
)
def test_subtitles_without_cues_are_refused(data: bytes) -> None:
    with pytest.raises(SubtitlesError):
        parse_subtitles(data)


def test_japanese_chinese_and_thai_have_no_spaces_between_their_lines() -> None:
    data = vtt(
        ("01.000", "04.000", "今日はとても\nいい天気です。"), ("05.000", "08.000", "สวัสดี\nครับ")
    )
    assert texts(data) == ["今日はとてもいい天気です。", "สวัสดีครับ"]


@pytest.mark.parametrize(
    "line",
    [
        "\u200fשלום, עולם!\u200f",  # keeps the mark at its end on the left
        "\u202bשלום!\u202c",
        "می\u200cخواهم",  # Persian: another word without it
        "क्\u200dष",  # Hindi: another letter
    ],
)
def test_marks_that_a_correct_display_needs_are_kept(line: str) -> None:
    assert texts(vtt(("01.000", "02.000", line))) == [line]


def test_marks_that_show_nothing_are_left_out() -> None:
    assert texts(vtt(("01.000", "02.000", "\ufeffa\u200bb\u2060c"))) == ["abc"]


@pytest.mark.parametrize(
    ("language", "encoding", "text"),
    [
        ("ja", "cp932", "今日はいい天気"),
        ("zh-CN", "gb18030", "今天天气很好"),
        ("zh-TW", "big5", "今天天氣很好"),
        ("ru", "cp1251", "Хорошая погода"),
        ("he", "cp1255", "מזג אוויר"),
        ("th", "cp874", "อากาศดี"),
        ("pl", "cp1250", "Źdźbło"),
        ("pt", "cp1252", "Olá"),
        ("ja", "utf-8", "今日はいい天気"),
    ],
)
def test_files_in_the_encoding_of_their_language_are_read(
    language: str, encoding: str, text: str
) -> None:
    data = vtt(("01.000", "02.000", text)).encode(encoding)
    assert parse_subtitles(data, language)[0]["text"] == text
