"""The English of the project: no folder that is clean gets back a word that was replaced."""

import pytest

from tests.support.voice import FOLDERS, find, find_in_text


@pytest.mark.parametrize("folder", FOLDERS)
def test_the_words_that_were_replaced_do_not_come_back(folder: str) -> None:
    findings = [str(finding) for finding in find(folder)]
    assert not findings, "\n".join(["", *findings])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A worker without a sign of life", ["sign of life"]),
        ("The worker is told to stop; begin anew.", ["told", "anew", "begin"]),
        ("the client's own address", ["client's own address"]),
        ("An IP address, in place of a host name", []),
        ("a job waits in line", ["in line"]),
        ("an error in line 3 of the file", []),
        ("the field ``place`` and `told`", []),
        ("It stands in Redis. XML stands for a format.", ["stands"]),
    ],
)
def test_words_are_found_and_idioms_are_allowed(text: str, expected: list[str]) -> None:
    assert sorted(found for _, found, _ in find_in_text(text)) == sorted(expected)
