"""Output: results go to standard output, everything else to standard error."""

import json
from collections.abc import Iterable, Sequence
from typing import Any, TextIO

from rich.console import Console
from rich.prompt import Confirm
from rich.table import Table
from rich.text import Text

from ytcaption.commands.wording import clean, printable
from ytcaption.logins import hide_logins
from ytcaption.models import ApiModel

__all__ = ["Rows", "Screen", "make_table"]

Rows = Iterable[Sequence[str]]


class Screen:
    """The streams of a command.

    Args:
        out: The stream for results, and nothing else.
        err: The stream for progress, messages and errors.
        source: The stream that is read for confirmations.
    """

    def __init__(self, out: TextIO, err: TextIO, source: TextIO) -> None:
        self.out = Console(file=out, highlight=False)
        self.err = Console(file=err, highlight=False)
        self.is_json = False
        self.is_quiet = False
        self._source = source

    @property
    def is_live(self) -> bool:
        """Whether progress bars can be drawn."""
        return self.err.file.isatty() and not self.err.is_dumb_terminal and not self.is_quiet

    @property
    def can_ask(self) -> bool:
        """Whether a person can answer a question."""
        return self._source.isatty() and self.err.file.isatty()

    def info(self, text: str) -> None:
        """Write a message, unless ``--quiet`` is set."""
        if not self.is_quiet:
            self.warn(text)

    def warn(self, text: str) -> None:
        """Write a warning or an error."""
        self.err.print(Text(clean(text)), soft_wrap=True)

    def warn_each(self, warnings: Iterable[str]) -> None:
        """Write the warnings of a result, one line each, even with ``--quiet``."""
        for warning in warnings:
            self.warn(f"warning: {warning}")

    def confirm(self, question: str) -> bool:
        """Ask a yes/no question; the default is no."""
        return Confirm.ask(question, console=self.err, default=False)

    def print(self, text: str) -> None:
        """Write a result unchanged; on a terminal without control characters."""
        if self.out.file.isatty():
            text = "\n".join(printable(line) for line in text.splitlines())
        self.out.file.write(text if text.endswith("\n") else f"{text}\n")
        self.out.file.flush()

    def print_json(self, result: ApiModel | Any, *, is_line: bool = False) -> None:
        """Write a result as JSON; ``is_line`` puts it on one line (JSON Lines)."""
        plain = result.model_dump(mode="json") if isinstance(result, ApiModel) else result
        text = json.dumps(plain, ensure_ascii=False, indent=None if is_line else 2)
        self.print(hide_logins(text))

    def print_rows(self, names: Sequence[str], rows: Rows) -> None:
        """Write a table on a terminal, tab-separated lines elsewhere."""
        if self.out.file.isatty():
            self.out.print(make_table(names, rows))
            return
        for row in rows:
            self.print("\t".join(clean(field) for field in row))


def make_table(names: Sequence[str], rows: Rows) -> Table:
    """Return a table of plain text; its last column is truncated if the terminal is narrow."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in names[:-1]:
        table.add_column(name, no_wrap=True)
    table.add_column(names[-1], no_wrap=True, overflow="ellipsis", ratio=1)
    for row in rows:
        table.add_row(*(Text(clean(field)) for field in row))
    return table
