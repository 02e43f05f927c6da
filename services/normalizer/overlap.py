"""Works on audio of any length in windows that overlap, so that no seam is heard: pure."""

from collections.abc import Callable, Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]
"""From -1 to 1; a row is an instant, a column a channel."""

Separate = Callable[[Samples], Samples]
"""Returns as many samples as it is given."""


def work_in_windows(
    audio: Iterable[Samples], separate: Separate, *, window: int, overlap: int
) -> Iterator[Samples]:
    """Yield what is made of a recording, as many samples as come in; holds one window at a time.

    Args:
        audio: The recording, in parts of any length.
        separate: Called with one window after another; the last may be shorter.
        window: Samples that are worked on at once.
        overlap: Samples that a window shares with the one before. There the result fades from
            the one to the other: at its edges a window is judged with half of its context.
    """
    fade = _Fade(overlap)
    held: Samples | None = None
    for part in audio:
        held = part if held is None else np.concatenate([held, part])
        while len(held) > window:
            yield fade.join(separate(held[:window]), is_last=False)
            held = held[window - overlap :]
    if held is not None:
        yield fade.join(separate(held), is_last=True)


class _Fade:
    """Joins windows, each with the end of the one before."""

    def __init__(self, overlap: int) -> None:
        self._overlap = overlap
        self._tail: Samples | None = None

    def join(self, made: Samples, *, is_last: bool) -> Samples:
        """Return what is ready, given what was made of the next window."""
        if self._tail is not None:
            rise = np.linspace(0, 1, self._overlap, dtype=np.float32)[:, np.newaxis]
            begun = made[: self._overlap] * rise + self._tail * (1 - rise)
            made = np.concatenate([begun, made[self._overlap :]])
        if is_last:
            return made
        ready = len(made) - self._overlap
        self._tail = made[ready:]
        return made[:ready]
