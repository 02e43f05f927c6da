"""Classify the error texts of yt-dlp and of the sites that it supports.

The first matching pattern decides, so specific patterns precede general ones: the text of a bot
check also contains "sign in", that of a rate limit also "unavailable".
"""

import re

from services.downloader import kinds
from services.downloader.kinds import Kind

_TEXTS: tuple[tuple[Kind, tuple[str, ...]], ...] = (
    (kinds.BOT_CHECK, (r"not a bot|captcha|unusual traffic|tls fingerprint|anti-bot|cloudflare",)),
    (
        kinds.BOT_CHECK,
        (
            r"\bip (address )?is (likely being )?blocked|blocked by server|rejected by server",
            r"ip address is unable|impersonat",
        ),
    ),
    (kinds.RATE_LIMITED, (r"rate.?limited|try again later|too many requests|play limit",)),
    (kinds.DISK_LOW, (r"no space left|disk quota",)),
    (kinds.MEMBERS_ONLY, (r"members.only|channel's members|join this channel|supporter-only",)),
    (kinds.PASSWORD, (r"protected by a pass|password.protected|video.password",)),
    (
        kinds.LOGIN_FAILED,
        (
            r"(wrong|invalid|incorrect|bad) (\w+ )?(username|password|id|login|video password)",
            r"(username|password)\b.*\b(incorrect|invalid)|unable to log ?in|login failed",
            r"invalid login|log in from an unusual",
        ),
    ),
    (kinds.PROTECTED, (r"\bdrm\b|digital rights|widevine|fairplay|playready",)),
    (kinds.FORBIDDEN_ADDRESS, (r"file:// urls are disabled",)),
    (
        kinds.LIVE_NOT_ENDED,
        (
            r"event will (begin|start)|premieres in|premiere will begin|is upcoming",
            r"not (yet )?started",
            r"is scheduled (for|to start)|only available after|available after|will be available",
            r"live (\w+ )?(videos|streams) are not supported|icy 200",
        ),
    ),
    (kinds.NOT_YET, (r"is processing|not yet available|not downloadable yet|available shortly",)),
    (
        kinds.NOT_LIVE,
        (
            r"(is|are|was|now|user is) (currently )?offline|(has|is|was|have) ended|live was ended",
            r"(is )?not (currently )?live|replay is disabled|neither archive|not archived",
            r"no active streams|find on-air|in a private show",
        ),
    ),
    (kinds.PRIVATE, (r"private|friends only|only you can",)),
    (
        kinds.GEO_BLOCKED,
        (
            r"in your country|from your location|geo.?restrict|in (your|this) (region|country)",
            r"available in [a-z ]+ only|valid areas|russian government|try using proxy",
        ),
    ),
    (
        kinds.AGE_RESTRICTED,
        (r"confirm your age|age.?(gate|restrict|verif)|nsfw|sensitive content|adult",),
    ),
    (
        kinds.PAID,
        (
            r"requires payment|premium|paid\b|not free|purchase|subscri|vip |rental|\brent\b",
            r"pass ticket|have tickets|coin|cable service provider|subscription",
        ),
    ),
    (
        kinds.PRIVATE,
        (
            r"only available (for|to)|registered users|log ?in\b|sign in|cookies|access token",
            r"authorization lost|(does|do) not have access|required permission|invite",
            r"expired token",
            r"tokens have been|not been made available to anyone|account does not have|oauth",
        ),
    ),
    (kinds.BAD_CERTIFICATE, (r"certificate|self.signed",)),
    (kinds.TLS_FAILED, (r"legacy_renegotiation|handshake|\bssl\b|\btls\b",)),
    (kinds.PROXY_FAILED, (r"proxy",)),
    (
        kinds.HOST_NOT_FOUND,
        (r"name or service not known|nodename nor servname|no address associated",),
    ),
    (kinds.TIMED_OUT, (r"timed out|timeout",)),
    (
        kinds.UNREACHABLE,
        (
            r"temporarily unavailable|temporary failure|connection (refused|reset|aborted)",
            r"could not connect|remote end closed|network error|unreachable|badstatusline",
        ),
    ),
    (
        kinds.INCOMPLETE,
        (
            r"content too short|incomplete data|bytes read|fragment .* not found",
            r"failed to update frag",
            r"unable to open fragment|while receiving data|more expected|\(incompleteread",
        ),
    ),
    (kinds.EMPTY, (r"did not get any data blocks|downloaded file is empty|returned empty",)),
    (
        kinds.UNSUPPORTED_PROTOCOL,
        (
            r"rtmp|websocket|rtsp|unsupported (url scheme|manifest|extensions|impersonate)|mhtml",
            r"unknown streaming|app-only|phantomjs|(could not be found|not found)\. please install",
            r"ffmpeg|initialization fragment",
        ),
    ),
    (
        kinds.UNSUPPORTED,
        (
            r"unsupported url|is not a valid url|invalid (ipv6 )?url|looks truncated",
            r"label (empty|too long)",
            r"blob url|forget to quote|no suitable extractor|no longer supported|not supported",
            r"without video id|missing a highlight|valid api selection|no integrationid",
            r"link from the button|page type|will not be supported|unscoped|smuggled",
        ),
    ),
    (
        kinds.UNSUPPORTED,
        (
            r"\bno (\w+ )?(videos?|media|audio)\b.*\b(found|is|in|with|on)\b|no video\b",
            r"(not have|n't contain|not contain) an?y? (video|audio)",
            r"not contain (an? )?(video|audio)",
            r"(is|is a|are) ?not an? (video|file)|^not a video",
            r"could ?n[o']t (find|extract)|no (formats|sources|chapters|downloads|songs)",
            r"no (supported|suitable)|unknown content type|unrecognized media",
            r"only video extraction|wrong url|in webpage|image\?",
        ),
    ),
    (
        kinds.UNAVAILABLE,
        (
            r"unavailable|(is not|no longer|not) available|does not exist|no longer exists",
            r"not found",
            r"removed|was deleted|deleted|terminated|expired|no such|inaccessible|unplayable",
            r"locked",
            r"restricted|can't be accessed|not be accessible|forbidden|blocked|has been offline",
            r"no nintendo direct|is \w+\.$|could not be found|gone",
        ),
    ),
    (kinds.DISK_LOW, (r"unable to (write|open|create)|cannot write",)),
    (kinds.OUTDATED, (r"unable to extract|unable to parse|failed to parse|extractor error",)),
)
_PATTERNS = tuple((re.compile("|".join(parts), re.IGNORECASE), kind) for kind, parts in _TEXTS)


def find_kind(text: str) -> Kind | None:
    """Return the kind of failure that an error text describes, or ``None`` if it is unknown."""
    plain = text.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
    return next((kind for pattern, kind in _PATTERNS if pattern.search(plain)), None)
