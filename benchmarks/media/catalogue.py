"""All cases, by kind."""

from collections.abc import Sequence

from benchmarks.media.case import Case
from benchmarks.media.kinds import (
    channels,
    containers,
    damage,
    joined,
    late,
    nothing,
    playlists,
    requested,
    servers,
    speech,
    tracks,
)

_MODULES = (
    servers,  # first, because hanging servers take longest
    speech,
    joined,
    late,
    channels,
    tracks,
    damage,
    playlists,
    containers,
    nothing,
    requested,
)


def load_catalogue() -> list[Case]:
    """Return every case.

    Raises:
        ValueError: Two cases have the same name.
    """
    cases = [case for module in _MODULES for case in module.CASES]
    names = [f"{case.kind}/{case.slug}" for case in cases]
    if twice := {name for name in names if names.count(name) > 1}:
        raise ValueError(f"Two cases have the same name: {', '.join(sorted(twice))}")
    return cases


def pick(cases: Sequence[Case], only: Sequence[str]) -> list[Case]:
    """Return the cases of some kinds, or whose ``kind/name`` contains a text; default: all.

    Names are compared as in the paths of their inputs, without spaces.
    """
    kinds = {case.kind for case in cases}
    parts = [text for text in only if text not in kinds]
    return [
        case
        for case in cases
        if not only
        or case.kind in only
        or any(part in f"{case.kind}/{case.slug}" for part in parts)
    ]


def limit(cases: Sequence[Case], each: int | None) -> list[Case]:
    """Return at most a number of cases of each kind, evenly chosen; default: all."""
    if each is None:
        return list(cases)
    chosen = []
    for kind in dict.fromkeys(case.kind for case in cases):
        own = [case for case in cases if case.kind == kind]
        step = max(1, len(own) // each)
        chosen += own[::step][:each]
    return chosen
