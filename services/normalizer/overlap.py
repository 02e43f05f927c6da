"""Process audio of any length in overlapping windows with cross-fades. Pure."""

from collections.abc import Callable, Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]
"""Values from -1 to 1; a row per instant, a column per channel."""

Separate = Callable[[Samples], Samples]
"""Returns as many samples as it receives."""


def process_in_windows(
    audio: Iterable[Samples], separate: Separate, *, window: int, overlap: int
) -> Iterator[Samples]:
    """Yield the processed samples of a recording; only one window is in memory.

    Args:
        audio: The recording, in parts of any length.
        separate: Processes one window; the last may be shorter.
        window: Samples per window.
        overlap: Samples that a window shares with the previous one. The results are cross-faded,
            because a window has less context at its edges.
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
    """Cross-fades each window with the end of the previous one."""

    def __init__(self, overlap: int) -> None:
        self._overlap = overlap
        self._tail: Samples | None = None

    def join(self, made: Samples, *, is_last: bool) -> Samples:
        """Return the finished samples, given the next processed window."""
        if self._tail is not None:
            rise = np.linspace(0, 1, self._overlap, dtype=np.float32)[:, np.newaxis]
            faded = made[: self._overlap] * rise + self._tail * (1 - rise)
            made = np.concatenate([faded, made[self._overlap :]])
        if is_last:
            return made
        ready = len(made) - self._overlap
        self._tail = made[ready:]
        return made[:ready]
