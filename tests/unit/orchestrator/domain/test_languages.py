"""The codes of ISO 639-1."""

from orchestrator.domain.languages import CODES, ISO_639_1, find_code, suggest_codes


def test_every_code_is_two_small_letters() -> None:
    assert all(len(code) == 2 and code.isascii() and code.islower() for code in ISO_639_1)
    assert all(code.isalpha() for code in ISO_639_1)


def test_there_are_as_many_codes_as_the_standard_has() -> None:
    # 183 in force, and `bh`, which was withdrawn in 2021 and is still in use.
    assert len(ISO_639_1 - {"bh"}) == 183


def test_the_languages_of_the_samples_are_among_them() -> None:
    assert {"en", "pt", "es", "fr", "de", "zh", "ja", "ar"} <= ISO_639_1
    assert ISO_639_1.isdisjoint({"auto", "xx", "eng", "EN", ""})


def test_every_code_means_itself_but_one_of_two_for_norwegian() -> None:
    assert {code for code in ISO_639_1 if find_code(code) != code} == {"nb"}
    assert find_code("nb") == "no"
    assert {"haw", "yue"} == CODES - ISO_639_1


def test_instead_of_an_unknown_code_known_ones_are_named() -> None:
    assert suggest_codes("e")[:3] == ("ve", "te", "se")
    assert {"en", "es", "pt"} <= set(suggest_codes("english"))
    assert set(suggest_codes("x" * 5000)) <= CODES
