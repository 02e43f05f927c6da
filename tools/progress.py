"""Shows the progress of a job: one updated line on a terminal, plain lines elsewhere."""

from collections.abc import Mapping
from typing import Any, TextIO

# In a log file, one line per 10 % is enough.
_PLAIN_STEP = 10


class ProgressLine:
    """The demo's progress display.

    Args:
        output: The stream; a terminal gets one line that is overwritten.
    """

    def __init__(self, output: TextIO) -> None:
        self._output = output
        self._is_terminal = output.isatty()
        self._shown: object = None

    def show(self, stages: Mapping[str, Mapping[str, Any]]) -> None:
        """Print the stages if they have changed since the last call."""
        step = 1 if self._is_terminal else _PLAIN_STEP
        seen = [(stage["status"], int(stage["progress"] or 0) // step) for stage in stages.values()]
        if seen == self._shown:
            return
        self._shown = seen
        text = " | ".join(_describe(name, stage) for name, stage in stages.items())
        self._output.write(f"\r{text}\033[K" if self._is_terminal else f"{text}\n")
        self._output.flush()

    def close(self) -> None:
        """End the line."""
        if self._is_terminal:
            self._output.write("\n")


def _describe(name: str, stage: Mapping[str, Any]) -> str:
    return f"{name}: {stage['status']} {stage['progress'] or 0:3.0f} %"
