"""The demo shows stages as they move, on a terminal and in a log."""

from io import StringIO
from typing import Any

from tools.progress import ProgressLine


class _Terminal(StringIO):
    def isatty(self) -> bool:
        return True


def _stages(progress: float | None, status: str = "processing") -> dict[str, dict[str, Any]]:
    return {"download": {"status": status, "progress": progress}}


def test_a_log_gets_a_line_for_every_tenth_only() -> None:
    output = StringIO()
    line = ProgressLine(output)
    for progress in (None, 3.0, 12.0, 14.0, 25.0):
        line.show(_stages(progress))
    line.close()
    assert output.getvalue().splitlines() == [
        "download: processing   0 %",
        "download: processing  12 %",
        "download: processing  25 %",
    ]


def test_a_change_of_status_is_always_shown() -> None:
    output = StringIO()
    line = ProgressLine(output)
    line.show(_stages(100.0))
    line.show(_stages(100.0, "completed"))
    assert len(output.getvalue().splitlines()) == 2


def test_a_terminal_gets_one_line_that_is_written_over() -> None:
    output = _Terminal()
    line = ProgressLine(output)
    for progress in (1.0, 2.0, 2.4, 3.0):
        line.show(_stages(progress))
    line.close()
    assert output.getvalue().count("\r") == 3
    assert output.getvalue().count("\n") == 1
