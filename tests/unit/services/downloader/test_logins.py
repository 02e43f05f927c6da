"""A login is split from its URL and sent to one host only."""

from base64 import b64encode

import pytest
from requests.exceptions import InvalidURL

from services.downloader.failures import classify
from services.downloader.logins import split_login


def header(login: str) -> str:
    return f"Basic {b64encode(login.encode()).decode()}"


@pytest.mark.parametrize(
    ("url", "clean", "login"),
    [
        ("http://u:p@a.example/b?c=d#e", "http://a.example/b?c=d#e", "u:p"),
        ("https://u@a.example:8443/", "https://a.example:8443/", "u:"),
        ("http://a%40b:c%3A%2Fd@a.example/", "http://a.example/", "a@b:c:/d"),
        ("http://u:p@q@a.example/", "http://a.example/", "u:p@q"),
        ("http://u:p@[::1]:8000/x", "http://[::1]:8000/x", "u:p"),
        ("http://:@a.example/", "http://a.example/", ":"),
    ],
)
def test_a_login_is_split_from_its_url(url: str, clean: str, login: str) -> None:
    found, kept = split_login(url)
    assert found == clean
    assert kept is not None
    assert kept.header == header(login)
    assert header(login) not in repr(kept)
    assert split_login(clean) == (clean, None)


@pytest.mark.parametrize(
    ("url", "is_same"),
    [
        ("http://a.example/other", True),
        ("http://a.example:80/", True),
        ("https://a.example/", True),
        ("http://A.EXAMPLE/", True),
        ("http://a.example:8080/", False),
        ("https://a.example:8443/", False),
        ("http://b.example/", False),
        ("http://a.example.evil.example/", False),
        ("ws://a.example/", False),
        ("http://a.example:x/", False),
    ],
)
def test_a_login_belongs_to_one_host(url: str, *, is_same: bool) -> None:
    _, login = split_login("http://u:p@a.example/")
    assert login is not None
    assert login.is_for(url) is is_same


def test_a_login_over_tls_is_not_sent_without() -> None:
    _, login = split_login("https://u:p@a.example/")
    assert login is not None
    assert not login.is_for("http://a.example/")


@pytest.mark.parametrize("port", ["99999", "x"])
def test_an_invalid_port_is_an_unsupported_url_that_shows_no_login(port: str) -> None:
    with pytest.raises(InvalidURL) as failure:
        split_login(f"http://user:secret@a.example:{port}/")
    assert "secret" not in str(failure.value)
    assert classify(failure.value).code == "unsupported_url"
