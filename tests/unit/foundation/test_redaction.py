"""Logs redact passwords, keys and URL query values."""

import pytest

from foundation.redaction import redact


@pytest.mark.parametrize(
    ("text", "redacted"),
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
def test_a_secret_is_redacted(text: str, redacted: str) -> None:
    assert redact(text) == redacted


@pytest.mark.parametrize(
    "text",
    [
        "Video job submitted: FtnKP8fSSdc_audio",
        "https://www.youtube.com/watch?v=dQw4w9WgXcQ&t=42&list=PL1",
        "Is it? monkey=business: unexpected token at 5",
        "http://audio-normalization:8002/jobs/norm_1 does not answer",
    ],
)
def test_other_text_stays(text: str) -> None:
    assert redact(text) == text
