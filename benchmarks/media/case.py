"""A case of the catalogue: an input, a request and the correct results."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.media.clips import CLIPS
from benchmarks.media.workshop import Workshop

Json = dict[str, Any]
Make = Callable[[Workshop, Path], str]
"""Generates the input in the case's own directory; returns its file name, or a URL path."""
Check = Callable[[Json], str | None]
"""Checks a finished job and its transcript; returns the error, if any."""


@dataclass(frozen=True)
class Said:
    """One clip in a recording.

    Args:
        clip: Its name in ``CLIPS``.
        at_s: Start of the clip on the media's time line.
        speaker: Any name of the speaker, if the job distinguishes speakers.
        from_s: The clip is cut before this second.
        until_s: The clip is cut after this second.
    """

    clip: str
    at_s: float
    speaker: str | None = None
    from_s: float = 0.0
    until_s: float = float("inf")

    @property
    def language(self) -> str:
        """The clip's language."""
        return CLIPS[self.clip].language


@dataclass(frozen=True)
class Transcribed:
    """The job completes with these words.

    Args:
        said: The utterances, in order of time.
        warnings: Codes that the job must have.
        may_warn: Codes that it can have; any other code is wrong.
        most_errors: Wrong, missing and invented words per expected word; None if the words
            are not compared.
        ends_s: The end of the sound; no segment ends later.
        language: The job's ``detected_language``; default: the one with most speech.
        checks: Further conditions.
    """

    said: tuple[Said, ...]
    warnings: frozenset[str] = frozenset()
    may_warn: frozenset[str] = frozenset()
    most_errors: float | None = 0.1
    ends_s: float | None = None
    language: str | None = None
    checks: tuple[Check, ...] = ()


@dataclass(frozen=True)
class Refused:
    """The job fails with one of these codes.

    Args:
        codes: The correct codes.
        retryable: Whether the failure is retryable; None if either is correct.
    """

    codes: frozenset[str]
    retryable: bool | None = False


@dataclass(frozen=True)
class Rejected:
    """The submission is rejected with 4xx.

    Args:
        detail: Text that the response must contain.
    """

    detail: str = ""


Right = Transcribed | Refused | Rejected


@dataclass(frozen=True)
class Case:
    """An input and its correct results.

    Args:
        kind: Its family; ``ONLY=`` selects by it.
        name: Unique within its kind.
        make: Generates the input.
        right: The correct results, any of several.
        options: Fields of the request in addition to the URL.
        login: ``user:password`` for the URL, which must not appear anywhere.
        is_upload: Whether the file is uploaded instead of downloaded.
        within_s: Maximum duration of the job.
    """

    kind: str
    name: str
    make: Make
    right: tuple[Right, ...]
    options: Mapping[str, Any] = field(default_factory=dict)
    login: str | None = None
    is_upload: bool = False
    within_s: float = 600.0

    @property
    def slug(self) -> str:
        """The name as a path component."""
        return re.sub(r"[^a-z0-9.+_-]+", "-", self.name.lower()).strip("-")
