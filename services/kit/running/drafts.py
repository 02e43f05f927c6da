"""What a running job lets be seen and kept before it is done."""

import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from services.kit.files.run_files import RunFiles

PAUSE_PER_WRITE = 50
"""A pause of so many times what the last write took keeps all writes below 2 % of the time,
however long a document grows."""


@dataclass
class Drafts:
    """Writes partial documents and checkpoints of one run, but not too often."""

    files: RunFiles
    _next_write: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))

    def publish(self, name: str, document: Mapping[str, Any]) -> None:
        """Show a document that is not whole yet; see ``services.kit.work.Publish``."""
        whole = {**document, "partial": True}
        self._pace(name, lambda: self.files.write_document(name, whole))

    def save_checkpoint(self, state: Mapping[str, Any]) -> None:
        """Keep what another run begins with; see ``services.kit.work.SaveCheckpoint``."""
        self._pace("", lambda: self.files.write_checkpoint(state))

    def _pace(self, name: str, write: Callable[[], None]) -> None:
        began = time.monotonic()
        if began >= self._next_write[name]:
            write()
            ended = time.monotonic()
            self._next_write[name] = ended + PAUSE_PER_WRITE * (ended - began)
