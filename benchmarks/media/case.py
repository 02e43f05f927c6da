"""What a case of the catalogue is: an input, a request, and what is right for it."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.media.clips import CLIPS
from benchmarks.media.workshop import Workshop

Json = dict[str, Any]
Make = Callable[[Workshop, Path], str]
"""Makes the input in a directory of the case's own; returns its file name, or a URL path."""
Check = Callable[[Json], str | None]
"""Looks at a finished job and its transcript; returns what is wrong, if anything is."""


@dataclass(frozen=True)
class Said:
    """One clip in a recording.

    Args:
        clip: Its name in ``CLIPS``.
        at_s: Where the clip starts on the media's time line.
        speaker: Who says it, where the job is to tell speakers apart; any name.
        from_s: What comes before this second of the clip is missing.
        until_s: What comes after it is missing.
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
class Heard:
    """The job completes with these words.

    Args:
        said: What is said, in order of time.
        warnings: Codes that the job must have.
        may_warn: Codes that it may have; any other code is wrong.
        most_errors: Wrong, missing and invented words per expected word; None where the words
            are not compared.
        ends_s: Where the sound ends: no segment goes beyond it.
        language: The job's ``detected_language``; that of most speech if none is given.
        checks: What else must hold.
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
        codes: Any of them is right.
        retryable: Whether the service tries again; None where either is right.
    """

    codes: frozenset[str]
    retryable: bool | None = False


@dataclass(frozen=True)
class Rejected:
    """The submission itself is answered 4xx.

    Args:
        detail: What the answer must contain.
    """

    detail: str = ""


Right = Heard | Refused | Rejected


@dataclass(frozen=True)
class Case:
    """One input and what is right for it.

    Args:
        kind: The family that it belongs to; ``ONLY=`` picks by it.
        name: Unique within its kind.
        make: Makes the input.
        right: What is right; any of several.
        options: Fields of the request beside the URL.
        login: ``user:password`` to put into the URL; shown nowhere afterwards.
        is_upload: Whether the file is uploaded instead of downloaded.
        within_s: How long the job may take.
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
        """The name as a part of a path."""
        return re.sub(r"[^a-z0-9.+_-]+", "-", self.name.lower()).strip("-")
