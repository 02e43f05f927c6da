"""Logins are removed from URLs."""

import pytest

from foundation.logins import hide_login, hide_logins


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://user:secret@host.test/a?b#c", "http://host.test/a?b#c"),
        ("https://user@host.test:8080/", "https://host.test:8080/"),
        ("https://user:p@ss@host.test", "https://host.test"),
        ("https://us er:'\"<>@host.test/", "https://host.test/"),
        ("https://%75ser:%40@[::1]:8/", "https://[::1]:8/"),
        ("https://:@host.test/", "https://host.test/"),
        ("https://host.test/@somebody", "https://host.test/@somebody"),
        ("https://host.test?who=a@b", "https://host.test?who=a@b"),
        ("https://host.test#a@b", "https://host.test#a@b"),
        ("https://www.youtube.com/@channel", "https://www.youtube.com/@channel"),
        ("upload:who@where.wav", "upload:who@where.wav"),
        ("", ""),
    ],
)
def test_a_url_is_shown_without_its_login(url: str, shown: str) -> None:
    assert hide_login(url) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("GET http://user:secret@host.test/a: 404", "GET http://host.test/a: 404"),
        ("'ftp://u:p@h/' and \"https://u@h\"", "'ftp://h/' and \"https://h\""),
        ("HTTPS://U:P@H/", "HTTPS://H/"),
        ("write to who@host.test", "write to who@host.test"),
        ("see https://host.test/@who", "see https://host.test/@who"),
        ("", ""),
    ],
)
def test_a_text_s_urls_are_shown_without_their_logins(text: str, shown: str) -> None:
    assert hide_logins(text) == shown
