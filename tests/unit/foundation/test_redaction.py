"""What logs hide: passwords, keys, and the values of queries."""

import inspect

import pytest

from foundation import logins, redaction
from foundation import logins as logins_of_services
from foundation import redaction as of_services
from foundation.redaction import redact


@pytest.mark.parametrize(
    ("told", "written"),
    [
        ("http://video.test/a?token=s3cr3t&v=abc", "http://video.test/a?token=***&v=abc"),
        ("get https://x/y?Signature=ff00#t=9 now", "get https://x/y?Signature=***#t=9 now"),
        ("/jobs?cursor=abc;def HTTP/1.1", "/jobs?cursor=***;def HTTP/1.1"),
        ("https://u:p@ss@host/a", "https://***@host/a"),
        ("redis://:hunter2@redis:6379/0 refused", "redis://***@redis:6379/0 refused"),
        ("Authorization: Bearer abcdefgh.ij-k", "Authorization: Bearer ***"),
        ("sent Bearer abcdefgh.ij-k", "sent Bearer ***"),
        ("the key ytc_0123456789abcdef is wrong", "the key ytc_*** is wrong"),
        ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_***"),
        ('{"api_key": "abc", "password": "x"}', '{"api_key": "***", "password": "***"}'),
        ("access token=abc", "access token=***"),
    ],
)
def test_what_is_secret_is_hidden(told: str, written: str) -> None:
    assert redact(told) == written


@pytest.mark.parametrize(
    "told",
    [
        "Video job submitted: FtnKP8fSSdc_audio",
        "https://www.youtube.com/watch?v=dQw4w9WgXcQ&t=42&list=PL1",
        "Is it? monkey=business: unexpected token at 5",
        "http://audio-normalization:8002/jobs/norm_1 does not answer",
    ],
)
def test_what_is_not_secret_stays(told: str) -> None:
    assert redact(told) == told


def test_the_services_hide_the_same() -> None:
    assert inspect.getsource(of_services) == inspect.getsource(redaction)
    assert inspect.getsource(logins_of_services) == inspect.getsource(logins)
