"""The destination and format of a transcript."""

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
    """The destination of a transcript: a file, or standard output."""

    path: Path | None
    form: Format

    @classmethod
    def of(cls, path: Path | None, form: Format | None) -> Self:
        """Return a target, after a check that it can be written.

        Args:
            path: The file; ``None`` for standard output.
            form: The format; by default from the file's extension.

        Raises:
            UsageError: The file cannot be written.
        """
        if path:
            check_writable(path)
        extension = path.suffix.removeprefix(".").lower() if path else ""
        return cls(path, form or (Format(extension) if extension in set(Format) else Format.TXT))

    def write_transcript(self, client: Client, screen: Screen, job_id: str) -> None:
        """Fetch the transcript of a completed job and write it."""
        if self.path is None:
            screen.print(client.transcript(job_id, self.form))
            return
        write_file(self.path, [client.transcript(job_id, self.form).encode()])
        screen.info(f"Wrote {self.path}")
