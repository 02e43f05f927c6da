"""The kinds of failures of the downloader: code, sentence for users, retryable or not."""

from dataclasses import dataclass

from services.kit.work import WorkError


@dataclass(frozen=True)
class Kind:
    """A kind of failure."""

    code: str
    message: str
    """What is wrong, and what to do."""
    retryable: bool = False

    def to_error(self) -> WorkError:
        """Return the error to raise."""
        return WorkError(self.code, self.message, retryable=self.retryable)


# There is nothing to download.
UNSUPPORTED = Kind(
    "unsupported_url",
    "There is no video at this URL. Check that it leads to a media file, or to a page with a "
    "video that opens without a login.",
)
UNAVAILABLE = Kind(
    "video_unavailable",
    "The video is not available: it was removed, or the URL is wrong. Open the URL in a browser "
    "to check it.",
)
EMPTY = Kind("empty_file", "The server sent an empty file (0 bytes). Check the file at its source.")
REDIRECT_LOOP = Kind(
    "redirect_loop",
    "The server redirects in a circle. Check the URL in a browser; it may need a login.",
)
HOST_NOT_FOUND = Kind(
    "host_not_found", "The host name in this URL does not exist. Check its spelling."
)

# A permission is missing.
PRIVATE = Kind(
    "private_video",
    "The video is private or needs a login. Upload the file instead, or ask the operator to "
    "configure cookies of an account that may see it.",
)
UNAUTHORIZED = Kind(
    "private_video",
    "The server requires a login, or rejected the one in the URL (HTTP 401). Submit the URL with "
    "the right login, as in https://user:password@host/file.mp3, or upload the file instead.",
)
MEMBERS_ONLY = Kind(
    "members_only",
    "The video is for members of the channel only. Upload the file instead, or ask the operator "
    "to configure cookies of a member.",
)
AGE_RESTRICTED = Kind(
    "age_restricted",
    "The site shows this video only to accounts with a confirmed age. Upload the file instead.",
)
PAID = Kind(
    "payment_required",
    "The site sells this video or shows it to subscribers only. Upload the file instead.",
)
PASSWORD = Kind(
    "password_required",
    "The video is protected by a password, which this service does not support. Upload the file "
    "instead.",
)
LOGIN_FAILED = Kind(
    "login_failed", "The site refused the login. Check the user name and the password."
)
GEO_BLOCKED = Kind(
    "geo_blocked",
    "The video is not available in the country of this server. Upload the file instead.",
)
PROTECTED = Kind(
    "drm_protected",
    "The video is protected by digital rights management (DRM) and cannot be downloaded. Submit "
    "another recording.",
)
FORBIDDEN_ADDRESS = Kind(
    "forbidden_address",
    "This URL leads into a private network or to a local file. Submit a public URL, or upload the "
    "file instead.",
)

# It may succeed later, or from another host.
REFUSED = Kind(
    "video_unavailable",
    "The site refused to send the video (HTTP 403). Try again later, or upload the file.",
    retryable=True,
)
BOT_CHECK = Kind(
    "bot_check",
    "The site requires proof that the client is not a bot. Try again later, or ask the operator to "
    "configure cookies or a proxy.",
    retryable=True,
)
RATE_LIMITED = Kind(
    "rate_limited", "The site received too many requests. Try again later.", retryable=True
)
UNREACHABLE = Kind(
    "source_unreachable", "The site cannot be reached. Try again later.", retryable=True
)
TIMED_OUT = Kind("source_timeout", "The server does not answer. Try again later.", retryable=True)
INCOMPLETE = Kind(
    "incomplete_download",
    "The server sent only a part of the media. Try again later; if it "
    "persists, the media is damaged at its source.",
    retryable=True,
)
TOO_SLOW = Kind(
    "download_timeout",
    "The download exceeded the time limit of this service. Try again later, or upload the file.",
    retryable=True,
)
PROXY_FAILED = Kind(
    "proxy_failed", "The proxy of this service does not work. Try again later.", retryable=True
)
TLS_FAILED = Kind(
    "tls_failed",
    "No encrypted connection to the site is possible. Try again later.",
    retryable=True,
)
BAD_CERTIFICATE = Kind(
    "tls_failed",
    "The site's TLS certificate is not valid (expired, self-signed or of another host). Upload "
    "the file instead.",
)
NOT_YET = Kind(
    "not_ready", "The site is still processing this video. Try again later.", retryable=True
)
SITE_ERROR = Kind(
    "site_error",
    "The site answered with an error instead of the video. Open the URL in a browser to check "
    "it, and try again later.",
    retryable=True,
)
DISK_LOW = Kind("disk_low", "The disk of this service is full. Try again later.", retryable=True)

# The service does not support it.
LIVE_NOT_ENDED = Kind(
    "live_not_ended",
    "This is a live stream that has not ended. Submit its recording once it has.",
)
ENDLESS = Kind(
    "live_not_ended",
    "The stream did not end within the time limit of this service; it is probably live. "
    "Submit a recording of it.",
)
NOT_LIVE = Kind(
    "video_unavailable",
    "The live stream has ended or is offline, and this URL has no recording. Submit the URL of the "
    "recording.",
)
TOO_LARGE = Kind(
    "file_too_large",
    "The media exceeds the size limit of this service, or is an endless stream. Submit a smaller "
    "file, e.g. the audio alone.",
)
TOO_LONG = Kind(
    "file_too_large",
    "The video exceeds the length limit of this service. Submit it in parts.",
)
UNSUPPORTED_PROTOCOL = Kind(
    "unsupported_protocol",
    "The site streams this video in a way that this service does not support. Upload the file "
    "instead.",
)
OUTDATED = Kind(
    "extractor_failed",
    "The page could not be read: the site may have changed. Upload the file instead, or ask the "
    "operator to update yt-dlp.",
)
UNEXPECTED = Kind(
    "download_failed",
    "The video could not be downloaded. Try again later, or upload the file.",
    retryable=True,
)


def name_content(name: str) -> Kind:
    """Return the failure of a URL that leads to something other than media.

    Args:
        name: The kind of content with its article, e.g. ``a ZIP archive``.
    """
    return Kind(
        "not_audio",
        f"The file at this URL is {name}, not audio or video. Submit the URL of a media file or "
        "of a page with a video.",
    )
