"""Where a transcript goes, and in which form."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from ytcaption.client import Client
from ytcaption.commands.screen import Screen
from ytcaption.files import check_writable, write_file
from ytcaption.options import Format

__all__ = ["Target"]


@dataclass(frozen=True)
class Target:
    """Where a transcript goes: to a file, else to standard output."""

    path: Path | None
    form: Format

    @classmethod
    def of(cls, path: Path | None, form: Format | None) -> Self:
        """Return a target that can be written to.

        Args:
            path: The file, if any.
            form: How the transcript is written down; else as the file's ending says.

        Raises:
            UsageError: The file could not be written.
        """
        if path:
            check_writable(path)
        ending = path.suffix.removeprefix(".").lower() if path else ""
        return cls(path, form or (Format(ending) if ending in set(Format) else Format.TXT))

    def take(self, client: Client, screen: Screen, job_id: str) -> None:
        """Fetch the transcript of a completed job and write it."""
        if self.path is None:
            screen.give(client.transcript(job_id, self.form))
            return
        write_file(self.path, [client.transcript(job_id, self.form).encode()])
        screen.say(f"Written to {self.path}")
