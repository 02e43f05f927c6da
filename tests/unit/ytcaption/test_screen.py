"""Results go to standard output, everything else to standard error."""

from io import StringIO
from typing import Any

import pytest

from tests.support.jobs import make_job
from web.schemas.jobs import JobDetail
from ytcaption.commands.progress import open_display
from ytcaption.commands.screen import Screen
from ytcaption.jobs import Job

_NASTY = "a [bold]\x1b[31mtitle"


class _Terminal(StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _usual_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "80")


def piped() -> Screen:
    return Screen(StringIO(), StringIO(), StringIO())


def terminal() -> Screen:
    return Screen(_Terminal(), _Terminal(), _Terminal())


def written(screen: Screen) -> tuple[str, str]:
    out, err = screen.out.file, screen.err.file
    assert isinstance(out, StringIO)
    assert isinstance(err, StringIO)
    return out.getvalue(), err.getvalue()


def job(**facts: Any) -> Job:
    sent = JobDetail.of(make_job(), None, None).model_dump(mode="json")
    return Job.model_validate(sent | facts)


def at(progress: float, status: str = "processing", title: str = "A talk") -> Job:
    sent = job().model_dump(mode="json")
    sent["stages"]["download"] |= {"progress": progress, "status": status}
    sent["video"] = {"title": title}
    return Job.model_validate(sent)


def test_a_pipe_gets_the_text_unchanged() -> None:
    screen = piped()
    screen.print("1\n00:00 --> 00:01\n\x1btext\n")
    assert written(screen) == ("1\n00:00 --> 00:01\n\x1btext\n", "")


def test_a_terminal_gets_no_control_characters() -> None:
    screen = terminal()
    screen.print("  a\x1b[2J\n\nb")
    assert written(screen)[0] == "  a[2J\n\nb\n"


def test_messages_go_to_standard_error_unless_quiet() -> None:
    screen = piped()
    screen.info("a message")
    screen.is_quiet = True
    screen.info("another")
    screen.warn("a warning")
    assert written(screen) == ("", "a message\na warning\n")


def test_a_long_message_is_one_line_without_a_terminal() -> None:
    screen = piped()
    screen.info("word " * 60)
    assert written(screen)[1].count("\n") == 1


def test_rows_are_a_table_on_a_terminal_and_tab_separated_in_a_pipe() -> None:
    rows = [("a1", _NASTY), ("a2", "x" * 200)]
    screen = piped()
    screen.print_rows(("job", "video"), rows)
    assert written(screen)[0].splitlines() == ["a1\ta [bold][31mtitle", f"a2\t{'x' * 200}"]
    screen = terminal()
    screen.print_rows(("job", "video"), rows)
    lines = written(screen)[0].splitlines()
    assert len(lines) == 3, "a line each, however long"
    assert "[bold][31mtitle" in lines[1], "markup in a title is text"


def test_json_is_not_escaped_and_may_be_one_line() -> None:
    screen = piped()
    screen.print_json({"text": "ação"})
    screen.print_json({"a": 1, "b": 2}, is_line=True)
    assert written(screen)[0] == '{\n  "text": "ação"\n}\n{"a": 1, "b": 2}\n'


def test_without_a_terminal_there_is_a_line_when_a_stage_starts_and_ends() -> None:
    screen = piped()
    with open_display(screen) as display:
        display.show_upload(500_000, 1_000_000)
        display.show_upload(1_000_000, 1_000_000)
        for one in (job(), at(10), at(20), at(100, "completed"), at(100, "completed")):
            display.show(one)
    assert written(screen)[1].splitlines() == [
        "upload: 1.0 MB sent",
        f"{job().job_id} download: 10 %",
        f"{job().job_id} download: done",
    ]


def test_on_a_terminal_bars_show_every_stage_and_the_title() -> None:
    screen = terminal()
    with open_display(screen) as display:
        display.show(at(40, title=_NASTY))
    out, err = written(screen)
    assert out == ""
    assert "a [bold][31mtitle" in err
    for name in ("download", "normalization", "transcription", "total", "40 %", "waiting"):
        assert name in err


@pytest.mark.parametrize("variable", ["dumb", "unknown"])
def test_a_dumb_terminal_gets_lines(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    monkeypatch.setenv("TERM", variable)
    assert not terminal().is_live
    assert terminal().can_ask


def test_quiet_shows_no_bars() -> None:
    screen = terminal()
    screen.is_quiet = True
    assert not screen.is_live
