"""A record as one line: in the published format, or as a JSON object."""

import json
import logging
import time
from datetime import UTC, datetime
from typing import Any, Final

from foundation.redaction import redact
from orchestrator.telemetry.log.context import facts

__all__ = ["JsonFormatter", "LineFormatter"]

_FORMAT: Final = "%(asctime)s - %(name)s - %(levelname)s - %(message)s"
# What ends a line somewhere, or drives a terminal: a message with it could forge other lines.
_CONTROLS: Final = {
    code: ascii(chr(code))[1:-1] for code in (*range(32), *range(127, 160), 0x2028, 0x2029)
}


def _plain(line: str) -> str:
    return line if line.isprintable() else line.translate(_CONTROLS)


class _OnceFormatter(logging.Formatter):
    """Makes the text of a record once, however many handlers ask for it."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the text of a record."""
        made: tuple[object, str] | None = record.__dict__.get("_made")
        if made is None or made[0] is not self:
            made = record.__dict__["_made"] = (self, self.make(record))
        return made[1]

    def make(self, record: logging.LogRecord) -> str:
        """Make the text of a record."""
        return super().format(record)


class LineFormatter(_OnceFormatter):
    """``time - name - level - message``, then the bound facts in brackets: one line a record.

    Only a traceback adds lines, and those are indented: every line that begins with a time is
    a record, whatever text came from outside.
    """

    def __init__(self) -> None:
        super().__init__(_FORMAT)
        self._second = (0, "")

    def formatTime(self, record: logging.LogRecord, _: str | None = None) -> str:  # noqa: N802 - logging's name
        """Return the time of a record; its date and second are worked out once a second."""
        known = self._second
        if known[0] != int(record.created):
            moment = time.localtime(record.created)
            known = self._second = int(record.created), time.strftime("%Y-%m-%d %H:%M:%S", moment)
        return f"{known[1]},{int(record.msecs):03d}"

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        """Return the line of a record."""
        line = redact(super().formatMessage(record))
        told = " ".join([f"{name}={value}" for name, value in facts()])
        return _plain(f"{line} [{told}]" if told else line)

    def formatException(self, ei: Any) -> str:  # noqa: N802 - logging's name
        """Return a traceback, each of its lines indented."""
        lines = redact(super().formatException(ei)).splitlines()
        return "\n".join(f"  {_plain(line)}" for line in lines)


class JsonFormatter(_OnceFormatter):
    """One JSON object a record, in ASCII: ``time``, ``level``, ``logger``, ``message``, facts.

    A traceback is the text of ``exception``.
    """

    def make(self, record: logging.LogRecord) -> str:
        """Make the JSON of a record."""
        moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        told: dict[str, object] = {
            "time": moment.replace("+00:00", "Z"),
            "level": record.levelname,
            "logger": record.name,
            "message": redact(record.getMessage()),
            **dict(facts()),
        }
        if record.exc_info:
            told["exception"] = redact(self.formatException(record.exc_info))
        return json.dumps(told, default=str)
