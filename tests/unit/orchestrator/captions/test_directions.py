"""Hebrew and Arabic are displayed correctly in players with and without bidi support.

The reference is the Unicode bidirectional algorithm (UAX #9). A line is correct if it looks as in a
paragraph from right to left, in any direction that the player uses.
"""

import re
from typing import Any, Literal

import pytest
from bidi import get_display

from orchestrator.captions import CueStyle, make_cues, write_srt, write_text, write_vtt

MARKS = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")
RIGHT_TO_LEFT = {
    "he": [
        "שלום, עולם!",
        "iPhone הוא טלפון.",
        "הוא גר ב-Tel Aviv (ישראל).",
        "3 ילדים, 4 כלבים?",
        '"כן", אמר דן; "לא", אמרה NASA.',
        "- מה?",
        "...ואז הלכנו",
    ],
    "ar": ["مرحبا، كيف حالك؟", "تطبيق WhatsApp (جديد).", "2026 سنة جيدة!", "YouTube موقع."],
    "fa": ["می‌خواهم بروم!", "قیمت ۱۲ تومان است."],
    "ur": ["یہ کیا ہے؟"],
}
LINES = [(language, line) for language, lines in RIGHT_TO_LEFT.items() for line in lines]
BASES: list[Literal["L", "R"] | None] = ["L", "R", None]


def seen(line: str, base: Literal["L", "R"] | None) -> str:
    """Return a line as displayed by a player that uses a given or a detected direction."""
    return MARKS.sub("", str(get_display(line, base_dir=base)))


def written(text: str, language: str | None, **more: Any) -> dict[str, list[str]]:
    """Return the lines of text in each format."""
    segment = {"text": text, "start": 0, "end": 5, **more}
    cues = make_cues([segment], CueStyle(max_line_chars=100), language=language)
    vtt = write_vtt(cues).splitlines()[3:]
    return {
        "srt": [line for line in write_srt(cues).splitlines()[2:] if line],
        "vtt": [re.sub("^<v [^>]*>", "", line).replace("&gt;", ">") for line in vtt if line],
        "txt": write_text(text, [segment], language=language).splitlines(),
    }


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize(("language", "line"), LINES)
def test_lines_are_displayed_right_to_left_in_every_player(
    language: str, line: str, base: Literal["L", "R"] | None
) -> None:
    for own in written(line, language).values():
        assert [seen(one, base) for one in own] == [seen(line, "R")]


@pytest.mark.parametrize(("language", "line"), LINES)
def test_the_text_is_stored_in_reading_order(language: str, line: str) -> None:
    for own in written(line, language).values():
        assert [MARKS.sub("", one) for one in own] == [line]


@pytest.mark.parametrize("base", BASES)
def test_a_speaker_s_name_does_not_change_the_direction(base: Literal["L", "R"] | None) -> None:
    line = "שלום, עולם!"
    found = written(line, "he", speaker="SPEAKER_00")
    assert [seen(one, base) for one in found["vtt"]] == [seen(line, "R")]
    named = seen(f"SPEAKER_00: {line}", "R")
    assert named.endswith(" :SPEAKER_00")
    assert named.startswith("!")
    for kind in ("srt", "txt"):
        assert [seen(one, base) for one in found[kind]] == [named]


def test_every_line_of_a_cue_has_its_direction() -> None:
    text = "אני מדבר עברית ויש לי מחשב חדש של Apple, iPhone ישן וגם Android לא חדש במיוחד."
    cues = make_cues([{"text": text, "start": 0, "end": 9}], CueStyle(), language="he")
    lines = [line for line in write_srt(cues).splitlines() if re.search("[א-ת]", line)]
    assert len(lines) == 2
    for line, plain in zip(lines, [line for cue in cues for line in cue.lines], strict=True):
        assert seen(line, "L") == seen(plain, "R")


def test_marks_in_the_source_do_not_change_the_direction() -> None:
    for own in written("\u202aשלום, עולם!", "he").values():
        assert [seen(one, "L") for one in own] == [seen("שלום, עולם!", "R")]


@pytest.mark.parametrize("base", ["L", None])
@pytest.mark.parametrize("text", ["שלום means peace.", "The word is שלום.", "Só isto, مرحبا!"])
def test_a_foreign_word_does_not_change_a_left_to_right_line(
    text: str, base: Literal["L", "R"] | None
) -> None:
    for own in written(text, "en").values():
        assert [seen(one, base) for one in own] == [seen(text, "L")]


def test_the_direction_is_detected_without_a_language() -> None:
    for own in written("שלום, עולם!", None).values():
        assert [seen(one, "L") for one in own] == [seen("שלום, עולם!", "R")]


@pytest.mark.parametrize("text", ["Olá, mundo!", "吾輩は猫である。", "Привет, мир!"])
def test_other_scripts_get_no_marks(text: str) -> None:
    for own in written(text, None).values():
        assert own == [text]
