"""Only http and https URLs with a host are accepted."""

import pytest
from pydantic import ValidationError

from services.downloader.options import MAX_URL_CHARS, SubmissionOptions, check
from services.kit.work import WorkError


@pytest.mark.parametrize(
    "url", ["https://youtu.be/dQw4w9WgXcQ", "http://127.0.0.1:9000/clip.wav", "HTTPS://a.b/c"]
)
def test_web_urls_are_accepted(url: str) -> None:
    check(SubmissionOptions(url=url))


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://a/b",
        "data:audio/wav;base64,AAAA",
        "ytsearch:cats",
        "//a/b",
        "http://",
        "http://[::1",
        "http://127.0.0.1../a",
        "http://a..b/c",
        "-o/tmp/x",
    ],
)
def test_other_addresses_are_refused(url: str) -> None:
    with pytest.raises(WorkError) as refusal:
        check(SubmissionOptions(url=url))
    assert (refusal.value.code, refusal.value.retryable) == ("unsupported_url", False)


def test_audio_is_the_default_and_addresses_are_bounded() -> None:
    assert SubmissionOptions(url="http://a").quality == "audio"
    for url in ("", "http://" + "a" * MAX_URL_CHARS):
        with pytest.raises(ValidationError):
            SubmissionOptions(url=url)
