"""Each error of yt-dlp becomes the right code, and is retried only where that may help."""

import io
import sys

import pytest
from yt_dlp.networking import Response
from yt_dlp.networking.exceptions import (
    CertificateVerifyError,
    HTTPError,
    IncompleteRead,
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

from services.downloader.failures import classify

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
        "video_unavailable",
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
    ("This video is DRM protected", "video_unavailable", False),
    ("This video is only available for registered users", "video_unavailable", False),
    (
        "This video is only available to Music Premium members",
        "video_unavailable",
        False,
    ),
    ("This video requires payment to watch", "video_unavailable", False),
    (
        "This video is protected by a password, use the --video-password option",
        "video_unavailable",
        False,
    ),
    ("No video formats found!", "unsupported_url", False),
    ("No video could be found in this tweet", "unsupported_url", False),
    ("No supported media found in this post", "unsupported_url", False),
    ("no videos found for this page", "unsupported_url", False),
    ("This article does not have a video.", "unsupported_url", False),
    ("The webpage doesn't contain any video", "unsupported_url", False),
    ("label empty or too long", "unsupported_url", False),
    ("<urlopen error timed out>", "source_unreachable", True),
    ("Service temporarily unavailable", "source_unreachable", True),
    ("[Errno -2] Name or service not known", "source_unreachable", True),
    ("The page needs to be reloaded.", "internal", True),
    ("'clip' is not a valid URL", "unsupported_url", False),
    ("Incomplete YouTube ID short. URL looks truncated.", "unsupported_url", False),
    ("file:// URLs are disabled by default in yt-dlp", "forbidden_address", False),
    ("Something that nobody has seen yet", "internal", True),
]


@pytest.mark.parametrize(("message", "code", "retryable"), MESSAGES)
def test_a_message_becomes_a_code(message: str, code: str, *, retryable: bool) -> None:
    error = classify(ExtractorError(message, expected=True))
    assert (error.code, error.retryable) == (code, retryable)


TYPES = [
    (UnsupportedError("http://a/b"), "unsupported_url", False),
    (GeoRestrictedError("not here"), "geo_blocked", False),
    (UserNotLive(), "live_not_ended", False),
    (TransportError("connection refused"), "source_unreachable", True),
    (CertificateVerifyError("expired"), "source_unreachable", True),
    (IncompleteRead(partial=3), "source_unreachable", True),
    (ContentTooShortError(1, 2), "source_unreachable", True),
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
        (401, "private_video", False),
        (403, "video_unavailable", True),
        (404, "video_unavailable", False),
        (410, "video_unavailable", False),
        (429, "rate_limited", True),
        (500, "source_unreachable", True),
        (503, "source_unreachable", True),
    ],
)
def test_an_http_status_becomes_a_code(status: int, code: str, *, retryable: bool) -> None:
    refusal = HTTPError(Response(io.BytesIO(), "http://a/b", {}, status=status))
    error = classify(ExtractorError("Unable to download webpage", cause=refusal, expected=True))
    assert (error.code, error.retryable) == (code, retryable)


def test_a_message_for_the_client_shows_nothing_of_the_inside() -> None:
    error = classify(ExtractorError("Failed in /srv/yt_dlp/extractor.py line 5"))
    assert "/srv" not in error.message
