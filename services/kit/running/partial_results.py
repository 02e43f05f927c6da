"""Write partial documents and checkpoints of a running job, at a bounded rate."""

import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from services.kit.files.run_files import RunFiles

PAUSE_PER_WRITE = 50
"""Pause after a write, in multiples of its duration: writing takes less than 2 % of the time,
however long a document grows."""


@dataclass
class PartialResults:
    """The partial documents and checkpoints of one run."""

    files: RunFiles
    _next_write: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))

    def publish(self, name: str, document: Mapping[str, Any]) -> None:
        """Publish an incomplete document; see ``services.kit.work.Publish``."""
        partial = {**document, "partial": True}
        self._throttle(name, lambda: self.files.write_document(name, partial))

    def save_checkpoint(self, state: Mapping[str, Any]) -> None:
        """Save the state for another run; see ``services.kit.work.SaveCheckpoint``."""
        self._throttle("", lambda: self.files.write_checkpoint(state))

    def _throttle(self, name: str, write: Callable[[], None]) -> None:
        started = time.monotonic()
        if started >= self._next_write[name]:
            write()
            ended = time.monotonic()
            self._next_write[name] = ended + PAUSE_PER_WRITE * (ended - started)
