"""Each error of yt-dlp gets the right code, and is retryable only if a retry may help."""

import io
import re
import sys
from collections.abc import Iterator
from http.client import BadStatusLine
from socket import EAI_AGAIN, EAI_NONAME, gaierror
from typing import Any

import pytest
from yt_dlp.networking import Response
from yt_dlp.networking.exceptions import (
    CertificateVerifyError,
    HTTPError,
    IncompleteRead,
    NoSupportingHandlers,
    ProxyError,
    SSLError,
    TransportError,
)
from yt_dlp.utils import (
    ContentTooShortError,
    DownloadError,
    ExtractorError,
    GeoRestrictedError,
    UnsupportedError,
    UserNotLive,
    YoutubeDLError,
)

from services.downloader import kinds
from services.downloader.failures import classify, classify_segment_error
from services.downloader.network import ForbiddenConnectionError
from services.downloader.transfer import PageTooLargeError
from tests.support.yt_dlp_errors import find_error_texts

# As YouTube and yt-dlp word them.
MESSAGES = [
    ("Sign in to confirm you’re not a bot. Use --cookies-from-browser", "bot_check", True),
    ("Sign in to confirm you're not a bot", "bot_check", True),
    (
        "Video unavailable. This content isn’t available, try again later.",
        "rate_limited",
        True,
    ),
    (
        "Private video. Sign in if you've been granted access to this video",
        "private_video",
        False,
    ),
    (
        "Join this channel to get access to members-only content like this video",
        "members_only",
        False,
    ),
    (
        "This video is available to this channel's members on level: Fan (or any higher level).",
        "members_only",
        False,
    ),
    ("The uploader has not made this video available in your country", "geo_blocked", False),
    ("This live event will begin in 3 hours.", "live_not_ended", False),
    ("The current session has been rate-limited by YouTube for an hour.", "rate_limited", True),
    ("Premieres in 5 hours", "live_not_ended", False),
    ("Video unavailable", "video_unavailable", False),
    ("This video has been removed by the uploader", "video_unavailable", False),
    (
        "Video unavailable. This video is no longer available because the account is terminated.",
        "video_unavailable",
        False,
    ),
    (
        "Sign in to confirm your age. This video may be inappropriate for some users.",
        "age_restricted",
        False,
    ),
    ("Requested format is not available", "video_unavailable", False),
    (
        "This video is unavailable. YouTube is requiring a captcha challenge before playback",
        "bot_check",
        True,
    ),
    (
        "All player responses are invalid. Your IP is likely being blocked by Youtube",
        "bot_check",
        True,
    ),
    ("Your IP address is blocked from accessing this post", "bot_check", True),
    ("Request is blocked by server (412), please wait and try later.", "bot_check", True),
    ("This video is private", "private_video", False),
    ("This playlist is private", "private_video", False),
    ("Premiere will begin shortly", "live_not_ended", False),
    ("This livestream has not yet started", "live_not_ended", False),
    ("This live event is scheduled for 2026-11-28", "live_not_ended", False),
    ("This event will start at 20:00", "live_not_ended", False),
    (
        "This video is not available from your location due to geo restriction",
        "geo_blocked",
        False,
    ),
    ("This video is not available in your country", "geo_blocked", False),
    ("This song is blocked in this region", "geo_blocked", False),
    ("This video is not available", "video_unavailable", False),
    ("This live stream recording is not available.", "video_unavailable", False),
    ("This video does not exist.", "video_unavailable", False),
    ("Video was deleted", "video_unavailable", False),
    ("This video is DRM protected", "drm_protected", False),
    ("This video is only available for registered users", "private_video", False),
    (
        "This video is only available to Music Premium members",
        "payment_required",
        False,
    ),
    ("This video requires payment to watch", "payment_required", False),
    (
        "This video is protected by a password, use the --video-password option",
        "password_required",
        False,
    ),
    ("No video formats found!", "unsupported_url", False),
    ("No video could be found in this tweet", "unsupported_url", False),
    ("No supported media found in this post", "unsupported_url", False),
    ("no videos found for this page", "unsupported_url", False),
    ("This article does not have a video.", "unsupported_url", False),
    ("The webpage doesn't contain any video", "unsupported_url", False),
    ("label empty or too long", "unsupported_url", False),
    ("<urlopen error timed out>", "source_timeout", True),
    ("Service temporarily unavailable", "source_unreachable", True),
    ("[Errno -2] Name or service not known", "host_not_found", False),
    ("The page needs to be reloaded.", "site_error", True),
    ("'clip' is not a valid URL", "unsupported_url", False),
    ("Incomplete YouTube ID short. URL looks truncated.", "unsupported_url", False),
    ("file:// URLs are disabled by default in yt-dlp", "forbidden_address", False),
    ("Something that nobody has seen yet", "site_error", True),
    ("The channel is not currently live", "video_unavailable", False),
    (
        "[download] Got error: HTTP Error 503: Gone. Giving up after 3 retries",
        "source_unreachable",
        True,
    ),
    ("This stream is offline", "video_unavailable", False),
    ("This video is processing", "not_ready", True),
    ("Unable to log in: bad username or password", "login_failed", False),
    ("Unable to extract player id", "extractor_failed", False),
    ("unable to write data: [Errno 28] No space left on device", "disk_low", True),
    ("Did not get any data blocks", "empty_file", False),
    ("RTMP download detected but rtmpdump could not be run", "unsupported_protocol", False),
]


@pytest.mark.parametrize(("message", "code", "retryable"), MESSAGES)
def test_a_message_becomes_a_code(message: str, code: str, *, retryable: bool) -> None:
    error = classify(ExtractorError(message, expected=True))
    assert (error.code, error.retryable) == (code, retryable)


TYPES = [
    (UnsupportedError("http://a/b"), "unsupported_url", False),
    (GeoRestrictedError("not here"), "geo_blocked", False),
    (UserNotLive(), "video_unavailable", False),
    (TransportError("connection refused"), "source_unreachable", True),
    (CertificateVerifyError("expired"), "tls_failed", False),
    (SSLError("handshake failure"), "tls_failed", True),
    (ProxyError("tunnel connection failed"), "proxy_failed", True),
    (NoSupportingHandlers([], []), "unsupported_protocol", False),
    (TransportError(cause=TimeoutError("The read operation timed out")), "source_timeout", True),
    (TransportError(cause=BadStatusLine("ICY 200 OK")), "live_not_ended", False),
    (TransportError(cause=gaierror(EAI_NONAME, "unknown")), "host_not_found", False),
    (TransportError(cause=gaierror(EAI_AGAIN, "later")), "source_unreachable", True),
    (PageTooLargeError("much"), "file_too_large", False),
    (IncompleteRead(partial=3), "incomplete_download", True),
    (ContentTooShortError(1, 2), "incomplete_download", True),
]


@pytest.mark.parametrize(("error", "code", "retryable"), TYPES)
def test_a_type_becomes_a_code(error: YoutubeDLError, code: str, *, retryable: bool) -> None:
    classified = classify(error)
    assert (classified.code, classified.retryable) == (code, retryable)


@pytest.mark.parametrize(("error", "code", "retryable"), TYPES)
def test_a_type_is_found_behind_the_error_that_yt_dlp_raises(
    error: YoutubeDLError, code: str, *, retryable: bool
) -> None:
    try:
        raise error
    except YoutubeDLError:
        wrapped = DownloadError("ERROR: it failed", sys.exc_info())
    classified = classify(wrapped)
    assert (classified.code, classified.retryable) == (code, retryable)


@pytest.mark.parametrize(
    ("status", "code", "retryable"),
    [
        (400, "video_unavailable", False),
        (401, "private_video", False),
        (402, "payment_required", False),
        (403, "video_unavailable", True),
        (404, "video_unavailable", False),
        (407, "proxy_failed", True),
        (408, "source_timeout", True),
        (410, "video_unavailable", False),
        (429, "rate_limited", True),
        (451, "geo_blocked", False),
        (500, "source_unreachable", True),
        (503, "source_unreachable", True),
        (504, "source_timeout", True),
        (520, "source_unreachable", True),
    ],
)
def test_an_http_status_becomes_a_code(status: int, code: str, *, retryable: bool) -> None:
    refusal = HTTPError(Response(io.BytesIO(), "http://a/b", {}, status=status))
    error = classify(ExtractorError("Unable to download webpage", cause=refusal, expected=True))
    assert (error.code, error.retryable) == (code, retryable)


def test_a_message_for_the_client_reveals_no_internals() -> None:
    error = classify(ExtractorError("Failed in /srv/yt_dlp/extractor.py line 5"))
    assert "/srv" not in error.message


def test_a_redirect_loop_has_its_own_code() -> None:
    response = Response(io.BytesIO(), "http://a/b", {}, status=302)
    error = classify(HTTPError(response, redirect_loop=True))
    assert (error.code, error.retryable) == ("redirect_loop", False)


@pytest.mark.parametrize(
    ("status", "code", "retryable"),
    [
        (404, "incomplete_download", True),
        (410, "incomplete_download", True),
        (500, "incomplete_download", True),
        (401, "private_video", False),
        (403, "video_unavailable", True),
        (429, "rate_limited", True),
    ],
)
def test_a_missing_piece_is_a_hole_unless_the_whole_stream_is_refused(
    status: int, code: str, *, retryable: bool
) -> None:
    refusal = HTTPError(Response(io.BytesIO(), "http://a/b", {}, status=status))
    error = classify_segment_error(refusal)
    assert (error.code, error.retryable) == (code, retryable)


def test_a_piece_in_a_private_network_is_refused_for_that() -> None:
    error = classify_segment_error(TransportError(cause=ForbiddenConnectionError("not there")))
    assert error.code == "forbidden_address"


def test_no_error_text_of_yt_dlp_is_without_a_code_and_few_are_without_a_name() -> None:
    codes = {text: classify(DownloadError(f"ERROR: {text}")).code for text in find_error_texts()}
    assert len(codes) > 300
    assert "internal" not in codes.values()
    unnamed = sorted(text for text, code in codes.items() if code == "download_failed")
    assert len(unnamed) / len(codes) < 0.2, "\n".join(unnamed)


# What yt-dlp raises to steer itself, or where a command line is wrong: no site leads there.
_NOT_OF_A_DOWNLOAD = {
    "CookieLoadError",
    "DownloadCancelled",
    "DownloadError",
    "EntryNotInPlaylist",
    "ExistingVideoReached",
    "ExtractorError",
    "MaxDownloadsReached",
    "PostProcessingError",
    "ReExtractInfo",
    "RegexNotFoundError",
    "RejectedVideoReached",
    "RequestError",
    "SameFileError",
    "ThrottledDownload",
    "UnsupportedRequest",
    "UnsafeExecExpansionError",
    "XAttrMetadataError",
    "XAttrUnavailableError",
    "_RequiredError",
}


def test_every_exception_class_of_yt_dlp_has_a_name() -> None:
    unnamed = {
        each.__name__
        for each in find_subclasses(YoutubeDLError)
        if each.__module__.startswith(("yt_dlp.utils", "yt_dlp.networking", "yt_dlp.downloader"))
        and each.__name__ not in _NOT_OF_A_DOWNLOAD
        and classify(make_error(each)).code in {"download_failed", "site_error", "internal"}
    }
    assert not unnamed


def find_subclasses(parent: type[BaseException]) -> Iterator[type[BaseException]]:
    for child in parent.__subclasses__():
        yield child
        yield from find_subclasses(child)


def make_error(of_class: type[BaseException]) -> BaseException:
    """Make an error without its texts, so that only its class can decide."""
    error = of_class.__new__(of_class)
    error.__dict__.update(msg="", status=500, redirect_loop=False, expected=True)
    error.args = ()
    return error


def test_every_kind_of_failure_says_what_to_do() -> None:
    every: list[Any] = [each for each in vars(kinds).values() if isinstance(each, kinds.Kind)]
    assert len(every) > 30
    for kind in every:
        advice = r"Check|Submit|Upload|Try|Open|may not reach|cannot be downloaded"
        assert re.search(advice, kind.message), kind
