"""The codes of ISO 639-1."""

from orchestrator.domain.languages import CODES, ISO_639_1, find_code, suggest_codes


def test_every_code_is_two_small_letters() -> None:
    assert all(len(code) == 2 and code.isascii() and code.islower() for code in ISO_639_1)
    assert all(code.isalpha() for code in ISO_639_1)


def test_the_number_of_codes_is_that_of_the_standard() -> None:
    # 183 in force, and `bh`, which was withdrawn in 2021 and is still in use.
    assert len(ISO_639_1 - {"bh"}) == 183


def test_common_languages_are_included() -> None:
    assert {"en", "pt", "es", "fr", "de", "zh", "ja", "ar"} <= ISO_639_1
    assert ISO_639_1.isdisjoint({"auto", "xx", "eng", "EN", ""})


def test_every_code_maps_to_itself_except_one_of_two_for_norwegian() -> None:
    assert {code for code in ISO_639_1 if find_code(code) != code} == {"nb"}
    assert find_code("nb") == "no"
    assert {"haw", "yue"} == CODES - ISO_639_1


def test_suggestions_for_an_unknown_code_are_known_codes() -> None:
    assert suggest_codes("e")[:3] == ("ve", "te", "se")
    assert {"en", "es", "pt"} <= set(suggest_codes("english"))
    assert set(suggest_codes("x" * 5000)) <= CODES
