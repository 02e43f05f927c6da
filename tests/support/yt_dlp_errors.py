"""The error messages in yt-dlp's source, to find those without an error code."""

import re
from collections.abc import Iterator
from pathlib import Path

import yt_dlp

_ROOT = Path(yt_dlp.__file__).parent
_NOT_DOWNLOADING = {"postprocessor", "options.py", "update.py", "__main__.py", "__init__.py"}
# The call, its text, and the rest of the statement: parsing all of yt-dlp would take 15 s.
_CALL = re.compile(
    r"(?P<name>ExtractorError|DownloadError|RequestError|TransportError|UnavailableVideoError|"
    r"UnsupportedRequest|YoutubeDLError|raise_no_formats|report_error)\(\s*"
    r"f?(?P<quote>['\"])(?P<text>.+?)(?<!\\)(?P=quote)(?P<rest>.{0,200})",
    re.DOTALL,
)
_PLACEHOLDER = re.compile(r"\{[^}]*\}|%[sd]")
_LEAST_LETTERS = 4  # what is left of a text without its placeholders


def find_error_texts() -> Iterator[str]:
    """Yield each message that yt-dlp shows to users, with placeholders replaced by ``X``.

    Texts of errors that yt-dlp takes for its own bugs (not ``expected``) are left out.
    """
    seen: set[str] = set()
    for path in sorted(_ROOT.rglob("*.py")):
        if _NOT_DOWNLOADING & set(path.relative_to(_ROOT).parts):
            continue
        for call in _CALL.finditer(path.read_text(encoding="utf-8")):
            text = _PLACEHOLDER.sub("X", call["text"])
            is_shown = call["name"] != "ExtractorError" or "expected=True" in call["rest"]
            if is_shown and text not in seen and len(text.replace("X", "")) >= _LEAST_LETTERS:
                seen.add(text)
                yield text
