"""Names under which browsers and command lines save what a job has made."""

import re
import unicodedata
from pathlib import PurePosixPath
from typing import Final
from urllib.parse import unquote

from icu4py.breakers import CharacterBreaker
from pathvalidate import sanitize_filename

from orchestrator.domain.job import Job

__all__ = ["audio_name", "safe_name", "transcript_name"]

_MOST_BYTES: Final = 240  # file systems take 255; a browser adds ` (1)` or `.part`
_SEPARATORS: Final = re.compile(r"[/\\|:⁄∕]+")
_LONGEST_SUFFIX: Final = 12
_SUFFIX: Final = re.compile(rf"\.[A-Za-z][A-Za-z0-9]{{0,{_LONGEST_SUFFIX - 2}}}$")
_TAG: Final = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*")
_UNKNOWN_LANGUAGE: Final = "und"
_JOINERS: Final = frozenset("\u200c\u200d")  # Persian words and emoji need them
_NOT_A_NAME: Final = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})


def transcript_name(job: Job, language: str | None, kind: str) -> str:
    """Return the name of a job's transcript: title, language and format.

    Args:
        job: The job.
        language: The language that the transcriber detected, if any.
        kind: The format, which is also the name's suffix.
    """
    chosen = job.options.language if job.options.language != "auto" else None
    code = job.captions_language or job.options.language_out or language or chosen or ""
    code = code.replace("_", "-")
    is_known = _TAG.fullmatch(code) and code != _UNKNOWN_LANGUAGE
    return _named(job, f".{code}.{kind}" if is_known else f".{kind}")


def audio_name(job: Job, artifact: str) -> str:
    """Return the name of a job's audio: the title, and the suffix of the service's file."""
    return _named(job, _suffix(artifact.strip()))


def safe_name(name: str, *, suffix: str = "", otherwise: str = "download") -> str:
    """Return a name that every file system takes, of at most 240 bytes of UTF-8.

    Slashes, control characters, marks that reverse the direction of text, and what Windows
    forbids or reserves are replaced or left out. No character is cut, not even one that
    consists of several code points.

    Args:
        name: Any text.
        suffix: What the name ends with, also where the rest is shortened.
        otherwise: The name where nothing else is left.
    """
    name = _SEPARATORS.sub("-", unicodedata.normalize("NFC", name))
    name = "".join(
        char if char in _JOINERS or unicodedata.category(char) not in _NOT_A_NAME else " "
        for char in name
    )
    name = " ".join(sanitize_filename(name, platform="universal", replacement_text=" ").split())
    name = _shorten(name.strip(" .-~\u200c\u200d"), _MOST_BYTES - len(suffix.encode()))
    # Sanitize again: a name may be reserved only as a whole (`NUL`), or only once it is shortened.
    return sanitize_filename(f"{name or otherwise}{suffix}", platform="universal")


def _named(job: Job, suffix: str) -> str:
    name = next((name for name in _candidates(job) if safe_name(name, otherwise="")), job.job_id)
    return safe_name(name, suffix=suffix)


def _candidates(job: Job) -> list[str]:
    """Return what the recording may be called, the best first."""
    found = []
    if job.video and job.video.title:
        found.append(job.video.title)
    if job.request.upload:
        found.append(_without_suffix(job.request.upload.filename))
    else:
        name = unquote(PurePosixPath(job.request.source.path).name)
        if _suffix(name):  # else it is a page's name, such as `watch`
            found.append(_without_suffix(name))
    return found


def _suffix(name: str) -> str:
    found = _SUFFIX.search(name)
    return found[0] if found else ""


def _without_suffix(name: str) -> str:
    return name.removesuffix(_suffix(name))


def _shorten(name: str, most_bytes: int) -> str:
    """Return as many whole characters of a name as fit."""
    if len(name.encode()) <= most_bytes:
        return name
    kept, taken = [], 0
    for character in CharacterBreaker(name, "en"):
        taken += len(character.encode())
        if taken > most_bytes:
            break
        kept.append(character)
    return "".join(kept).rstrip(" .-\u200c\u200d")
