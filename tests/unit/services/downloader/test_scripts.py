"""Text is joined as its script requires."""

import pytest

from services.downloader.scripts import close_directions, join

LRE, RLE, PDF = "\u202a", "\u202b", "\u202c"
RLI, PDI, RLM = "\u2067", "\u2069", "\u200f"


@pytest.mark.parametrize(
    ("parts", "joined"),
    [
        (["one", "two"], "one two"),
        (["今日はとても", "いい天気です。", "散歩に"], "今日はとてもいい天気です。散歩に"),
        (["你好，", "世界"], "你好，世界"),
        (["สวัสดี", "ครับ"], "สวัสดีครับ"),
        (["ຂອບ", "ໃຈ"], "ຂອບໃຈ"),
        (["안녕", "하세요"], "안녕 하세요"),
        (["東京", "Tokyo"], "東京 Tokyo"),
        (["שלום", "עולם"], "שלום עולם"),
        ([f"散歩{RLM}", "に"], f"散歩{RLM}に"),
        (["", "a", "", "b"], "a b"),
        ([], ""),
    ],
)
def test_spaces_are_put_where_a_writing_system_has_them(parts: list[str], joined: str) -> None:
    assert join(parts) == joined


@pytest.mark.parametrize(
    ("line", "closed"),
    [
        ("plain", "plain"),
        (f"{RLE}שלום!", f"{RLE}שלום!{PDF}"),
        (f"{RLE}שלום!{PDF}", f"{RLE}שלום!{PDF}"),
        (f"{RLI}{LRE}a", f"{RLI}{LRE}a{PDF}{PDI}"),
        (f"a{PDF}", f"a{PDF}"),
        (f"{RLM}שלום", f"{RLM}שלום"),
    ],
)
def test_a_change_of_direction_ends_with_its_line(line: str, closed: str) -> None:
    assert close_directions(line) == closed
