"""What is written where: results to standard output, everything else to standard error."""

import json
from collections.abc import Iterable, Sequence
from typing import Any, TextIO

from rich.console import Console
from rich.prompt import Confirm
from rich.table import Table
from rich.text import Text

from ytcaption.answers import Answer
from ytcaption.commands.wording import clean, printable
from ytcaption.logins import hide_logins

__all__ = ["Rows", "Screen", "make_table"]

Rows = Iterable[Sequence[str]]


class Screen:
    """Where a command writes.

    Args:
        out: Takes results and nothing else.
        err: Takes progress, remarks and errors.
        source: Where a person types.
    """

    def __init__(self, out: TextIO, err: TextIO, source: TextIO) -> None:
        self.out = Console(file=out, highlight=False)
        self.err = Console(file=err, highlight=False)
        self.is_json = False
        self.is_quiet = False
        self._source = source

    @property
    def is_live(self) -> bool:
        """Whether bars can move here."""
        return self.err.file.isatty() and not self.err.is_dumb_terminal and not self.is_quiet

    @property
    def can_ask(self) -> bool:
        """Whether somebody is there to answer."""
        return self._source.isatty() and self.err.file.isatty()

    def say(self, text: str) -> None:
        """Write a remark, unless the caller wants quiet."""
        if not self.is_quiet:
            self.warn(text)

    def warn(self, text: str) -> None:
        """Write what must be seen."""
        self.err.print(Text(clean(text)), soft_wrap=True)

    def warn_each(self, warnings: Iterable[str]) -> None:
        """Write the warnings of a result, one line each, also for callers that want quiet."""
        for warning in warnings:
            self.warn(f"warning: {warning}")

    def ask(self, question: str) -> bool:
        """Ask a question to which Enter means no."""
        return Confirm.ask(question, console=self.err, default=False)

    def give(self, text: str) -> None:
        """Write a result as it is; on a terminal without what would steer that."""
        if self.out.file.isatty():
            text = "\n".join(printable(line) for line in text.splitlines())
        self.out.file.write(text if text.endswith("\n") else f"{text}\n")
        self.out.file.flush()

    def give_json(self, result: Answer | Any, *, is_line: bool = False) -> None:
        """Write a result as JSON, on one line where more of them follow."""
        plain = result.model_dump(mode="json") if isinstance(result, Answer) else result
        text = json.dumps(plain, ensure_ascii=False, indent=None if is_line else 2)
        self.give(hide_logins(text))

    def give_rows(self, names: Sequence[str], rows: Rows) -> None:
        """Write a table; where no person looks, lines whose fields are separated by tabs."""
        if self.out.file.isatty():
            self.out.print(make_table(names, rows))
            return
        for row in rows:
            self.give("\t".join(clean(field) for field in row))


def make_table(names: Sequence[str], rows: Rows) -> Table:
    """Return a table of plain texts; its last column gives way where there is little room."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in names[:-1]:
        table.add_column(name, no_wrap=True)
    table.add_column(names[-1], no_wrap=True, overflow="ellipsis", ratio=1)
    for row in rows:
        table.add_row(*(Text(clean(field)) for field in row))
    return table
