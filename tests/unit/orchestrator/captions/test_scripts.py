"""Texts are joined and broken by the rules of their script."""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from icu4py.breakers import CharacterBreaker

from orchestrator.captions import CueStyle, join_texts, make_cues, write_text
from orchestrator.captions.scripts import find_breaks, width

TEXTS = {
    "ja": "吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。何でも薄暗い所で"
    "ニャーニャー泣いていた事だけは記憶している。「キャッシュカードでちょっと（本当に）買った」と言った。",
    "zh": "今天天气很好，我们一起去公园散步吧，然后在那里吃午饭再回家休息，"
    "晚上看一部电影。他说：“你好！”",
    "th": "สวัสดีครับวันนี้เราจะมาพูดถึงเรื่องการเขียนโปรแกรมคอมพิวเตอร์ซึ่งเป็นเรื่องที่น่าสนใจมาก",
    "lo": "ສະບາຍດີທຸກຄົນມື້ນີ້ພວກເຮົາຈະມາເວົ້າກ່ຽວກັບການຂຽນໂປຣແກຣມຄອມພິວເຕີ",
    "km": "សួស្តីថ្ងៃនេះយើងនឹងនិយាយអំពីការសរសេរកម្មវិធីកុំព្យូទ័រ",
    "my": "မင်္ဂလာပါဒီနေ့ကျွန်တော်တို့ကွန်ပျူတာပရိုဂရမ်အကြောင်းပြောမယ်",
    "bo": "བཀྲ་ཤིས་བདེ་ལེགས།དེ་རིང་ང་ཚོས་སྐད་ཆ་བཤད་ཀྱི་ཡིན།",
}
NEVER_FIRST = "。、，！？）」』”’：；ぁぃぅぇぉっゃゅょァィゥェォッャュョー々"
NEVER_LAST = "（「『“‘"


def cut(text: str, language: str, **limits: Any) -> list[list[str]]:
    segment = {"text": text, "start": 0, "end": len(text) / 5}
    style = CueStyle().for_language(language).model_copy(update=limits)
    return [list(cue.lines) for cue in make_cues([segment], style, language=language)]


@pytest.mark.parametrize(
    ("parts", "joined"),
    [
        (["Hello", "world."], "Hello world."),
        (["今日は", "とても", "いい天気です。", "散歩に"], "今日はとてもいい天気です。散歩に"),
        (["今日は", "iPhone", "を", "買う"], "今日はiPhoneを買う"),
        (["第", "3", "回"], "第3回"),
        (["你好，", "世界"], "你好，世界"),
        (["สวัสดี", "ครับ"], "สวัสดีครับ"),
        (["ราคา", "iPhone", "แพง"], "ราคา iPhone แพง"),
        (["ສະບາຍດີ", "ທຸກຄົນ"], "ສະບາຍດີທຸກຄົນ"),
        (["សួស្តី", "ថ្ងៃនេះ"], "សួស្តីថ្ងៃនេះ"),
        (["안녕하세요", "여러분"], "안녕하세요 여러분"),
        (["That is all.", "今日は"], "That is all. 今日は"),
        (["です。", "Thank you."], "です。Thank you."),
        (["שלום", "עולם"], "שלום עולם"),
        (["", "a", " ", "b"], "a b"),
    ],
)
def test_words_are_joined_by_the_rules_of_their_script(parts: list[str], joined: str) -> None:
    assert join_texts(parts) == joined


@pytest.mark.parametrize("language", ["ja", "zh", "th", "km"])
def test_no_space_comes_between_segments(language: str) -> None:
    text = TEXTS[language]
    half = len(text) // 2
    segments: list[dict[str, Any]] = [
        {"text": text[:half], "start": 0, "end": 2},
        {"text": text[half:], "start": 2, "end": 4},
    ]
    cues = make_cues(segments, CueStyle(max_lines=5, max_line_chars=200), language=language)
    assert not any(" " in line for cue in cues for line in cue.lines)
    joined = join_texts(segment["text"] for segment in segments)
    assert " " not in write_text(joined, segments, language=language).strip()


def test_words_without_a_text_are_joined_as_well() -> None:
    words = [{"word": word, "start": 0.1, "end": 0.2} for word in ("今日", "は", "いい", "天気")]
    (cue,) = make_cues([{"text": "", "start": 0, "end": 1, "words": words}], CueStyle())
    assert cue.text == "今日はいい天気"


@pytest.mark.parametrize(("language", "text"), TEXTS.items())
def test_lines_follow_the_rules_of_their_script(language: str, text: str) -> None:
    style = CueStyle().for_language(language)
    cues = cut(text, language)
    lines = [line for cue in cues for line in cue]
    assert "".join(lines) == text
    assert len(lines) > 1
    assert all(line[0] not in NEVER_FIRST and line[-1] not in NEVER_LAST for line in lines)
    assert max(map(width, lines)) <= style.max_line_chars
    assert max(map(len, cues)) <= style.max_lines


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("สวัสดีครับวันนี้", ["สวัสดี", "ครับ", "วัน", "นี้"]),
        ("ราคาiPhoneแพง", ["ราคา", "iPhone", "แพง"]),
        ("ສະບາຍດີທຸກຄົນ", ["ສະບາຍດີ", "ທຸກຄົນ"]),
        ("សួស្តីថ្ងៃនេះយើង", ["សួស្តី", "ថ្ងៃនេះ", "យើង"]),
        ("今日はiPhoneを買いました", ["今日は", "iPhoneを", "買いました"]),
        ("我们一起去公园", ["我们", "一起去", "公园"]),
    ],
)
def test_words_without_spaces_are_found(text: str, words: list[str]) -> None:
    edges = [0, *sorted(find_breaks(text, None).words), len(text)]
    assert [text[one:other] for one, other in pairwise(edges)] == words


def test_lines_end_with_phrases_where_they_fit() -> None:
    assert cut("見当がつかぬと思ったがキャッシュカードで払った。", "ja") == [
        ["見当がつかぬと思ったが", "キャッシュカードで払った。"]
    ]


@pytest.mark.parametrize("language", ["ja", "zh", "th"])
@pytest.mark.parametrize("speed", [6, 9, 14])
def test_no_cue_ends_within_a_word_even_where_speech_is_fast(language: str, speed: int) -> None:
    text = TEXTS[language]
    segment = {"text": text, "start": 0, "end": len(text) / speed}
    style = CueStyle().for_language(language)
    cues = make_cues([segment], style, duration_s=60, language=language)
    words, at = find_breaks(text, language).words, 0
    for cue in cues[:-1]:
        at += len("".join(cue.lines))
        assert at in words


@given(st.text("กขคงาิีุู่้์ำไเแโะวนมรลสดบปทตจ", min_size=1, max_size=80))
def test_no_thai_letter_is_separated_from_its_marks(text: str) -> None:
    clusters = {0}
    for cluster in CharacterBreaker(text, "th"):
        clusters.add(max(clusters) + len(cluster))
    assert find_breaks(text, "th").characters <= clusters


@pytest.mark.parametrize(
    ("language", "columns", "speed"),
    [
        ("ja", 26, 7),
        ("zh-TW", 32, 11),
        ("yue", 32, 11),
        ("ko", 32, 14),
        ("th", 35, 20),
        ("ru", 39, 20),
        ("pt", 42, 20),
        (None, 42, 20),
    ],
)
def test_the_limits_are_those_of_the_language(
    language: str | None, columns: int, speed: float
) -> None:
    style = CueStyle().for_language(language)
    assert (style.max_line_chars, style.max_chars_per_s) == (columns, speed)


def test_custom_limits_apply_to_every_language() -> None:
    style = CueStyle(max_line_chars=60, max_chars_per_s=30).for_language("ja")
    assert (style.max_line_chars, style.max_chars_per_s) == (60, 30)


@pytest.mark.parametrize(
    ("text", "columns"), [("สวัสดี", 4), ("e\u0301", 1), ("㍿😀", 4), ("한국", 4), ("a\u200fb", 2)]
)
def test_marks_take_no_column_and_wide_characters_two(text: str, columns: int) -> None:
    assert width(text) == columns
