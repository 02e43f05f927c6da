"""File names of downloads: the title of the recording, its language and the format."""

import re
import unicodedata
from pathlib import PurePosixPath
from typing import Final
from urllib.parse import unquote

from icu4py.breakers import CharacterBreaker
from pathvalidate import sanitize_filename

from orchestrator.domain.job import Job

__all__ = ["audio_filename", "safe_filename", "transcript_filename"]

_MAX_BYTES: Final = 240  # file systems allow 255; browsers append ` (1)` or `.part`
_SEPARATORS: Final = re.compile(r"[/\\|:⁄∕]+")
_MAX_SUFFIX_CHARS: Final = 12
_SUFFIX: Final = re.compile(rf"\.[A-Za-z][A-Za-z0-9]{{0,{_MAX_SUFFIX_CHARS - 2}}}$")
_TAG: Final = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*")
_UNKNOWN_LANGUAGE: Final = "und"
_JOINERS: Final = frozenset("\u200c\u200d")  # required by Persian words and emoji
_NOT_A_NAME: Final = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})


def transcript_filename(job: Job, language: str | None, kind: str) -> str:
    """Return the file name of a job's transcript: title, language and format.

    Args:
        job: The job.
        language: The detected language, if any.
        kind: The format, which is also the file extension.
    """
    chosen = job.options.language if job.options.language != "auto" else None
    code = job.captions_language or job.options.language_out or language or chosen or ""
    code = code.replace("_", "-")
    is_known = _TAG.fullmatch(code) and code != _UNKNOWN_LANGUAGE
    return _named(job, f".{code}.{kind}" if is_known else f".{kind}")


def audio_filename(job: Job, artifact: str) -> str:
    """Return the file name of a job's audio: the title and the extension of the artifact."""
    return _named(job, _suffix(artifact.strip()))


def safe_filename(name: str, *, suffix: str = "", otherwise: str = "download") -> str:
    """Return a file name that is valid on every file system, of at most 240 bytes of UTF-8.

    Slashes, control characters, bidirectional overrides and the names and characters that Windows
    reserves are replaced or removed. The name is never cut within a grapheme cluster.

    Args:
        name: Any text.
        suffix: The ending of the name, kept when the rest is shortened.
        otherwise: The name if nothing else remains.
    """
    name = _SEPARATORS.sub("-", unicodedata.normalize("NFC", name))
    name = "".join(
        char if char in _JOINERS or unicodedata.category(char) not in _NOT_A_NAME else " "
        for char in name
    )
    name = " ".join(sanitize_filename(name, platform="universal", replacement_text=" ").split())
    name = _shorten(name.strip(" .-~\u200c\u200d"), _MAX_BYTES - len(suffix.encode()))
    # Sanitize again: only the whole name (`NUL`) or the shortened one may be reserved.
    return sanitize_filename(f"{name or otherwise}{suffix}", platform="universal")


def _named(job: Job, suffix: str) -> str:
    name = next(
        (name for name in _candidates(job) if safe_filename(name, otherwise="")), job.job_id
    )
    return safe_filename(name, suffix=suffix)


def _candidates(job: Job) -> list[str]:
    """Return possible names of the recording, the best first."""
    found = []
    if job.video and job.video.title:
        found.append(job.video.title)
    if job.request.upload:
        found.append(_without_suffix(job.request.upload.filename))
    else:
        name = unquote(PurePosixPath(job.request.source.path).name)
        if _suffix(name):  # otherwise it is the name of a page, such as `watch`
            found.append(_without_suffix(name))
    return found


def _suffix(name: str) -> str:
    found = _SUFFIX.search(name)
    return found[0] if found else ""


def _without_suffix(name: str) -> str:
    return name.removesuffix(_suffix(name))


def _shorten(name: str, max_bytes: int) -> str:
    """Cut a name to a length, between grapheme clusters."""
    if len(name.encode()) <= max_bytes:
        return name
    kept, taken = [], 0
    for character in CharacterBreaker(name, "en"):
        taken += len(character.encode())
        if taken > max_bytes:
            break
        kept.append(character)
    return "".join(kept).rstrip(" .-\u200c\u200d")
