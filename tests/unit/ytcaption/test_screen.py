"""Results go to standard output and nothing else does; terminals get more than pipes."""

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
def _a_usual_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "80")


def piped() -> Screen:
    return Screen(StringIO(), StringIO(), StringIO())


def seen() -> Screen:
    return Screen(_Terminal(), _Terminal(), _Terminal())


def written(screen: Screen) -> tuple[str, str]:
    out, err = screen.out.file, screen.err.file
    assert isinstance(out, StringIO)
    assert isinstance(err, StringIO)
    return out.getvalue(), err.getvalue()


def job(**facts: Any) -> Job:
    told = JobDetail.of(make_job(), None, None).model_dump(mode="json")
    return Job.model_validate(told | facts)


def at(progress: float, status: str = "processing", title: str = "A talk") -> Job:
    told = job().model_dump(mode="json")
    told["stages"]["download"] |= {"progress": progress, "status": status}
    told["video"] = {"title": title}
    return Job.model_validate(told)


def test_a_pipe_gets_the_text_as_it_is() -> None:
    screen = piped()
    screen.give("1\n00:00 --> 00:01\n\x1btext\n")
    assert written(screen) == ("1\n00:00 --> 00:01\n\x1btext\n", "")


def test_a_terminal_gets_nothing_that_steers_it() -> None:
    screen = seen()
    screen.give("  a\x1b[2J\n\nb")
    assert written(screen)[0] == "  a[2J\n\nb\n"


def test_remarks_go_elsewhere_and_can_be_left_out() -> None:
    screen = piped()
    screen.say("a remark")
    screen.is_quiet = True
    screen.say("another")
    screen.warn("what must be seen")
    assert written(screen) == ("", "a remark\nwhat must be seen\n")


def test_a_long_remark_is_one_line_where_no_person_looks() -> None:
    screen = piped()
    screen.say("word " * 60)
    assert written(screen)[1].count("\n") == 1


def test_rows_are_a_table_for_people_and_tabs_for_pipes() -> None:
    rows = [("a1", _NASTY), ("a2", "x" * 200)]
    screen = piped()
    screen.give_rows(("job", "video"), rows)
    assert written(screen)[0].splitlines() == ["a1\ta [bold][31mtitle", f"a2\t{'x' * 200}"]
    screen = seen()
    screen.give_rows(("job", "video"), rows)
    lines = written(screen)[0].splitlines()
    assert len(lines) == 3, "a line each, however long"
    assert "[bold][31mtitle" in lines[1], "markup in a title is text"


def test_json_keeps_letters_and_is_one_line_where_more_follow() -> None:
    screen = piped()
    screen.give_json({"text": "ação"})
    screen.give_json({"a": 1, "b": 2}, is_line=True)
    assert written(screen)[0] == '{\n  "text": "ação"\n}\n{"a": 1, "b": 2}\n'


def test_without_a_terminal_a_line_tells_when_a_stage_begins_and_ends() -> None:
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
    screen = seen()
    with open_display(screen) as display:
        display.show(at(40, title=_NASTY))
    out, err = written(screen)
    assert out == ""
    assert "a [bold][31mtitle" in err
    for name in ("download", "normalization", "transcription", "in all", "40 %", "waiting"):
        assert name in err


@pytest.mark.parametrize("variable", ["dumb", "unknown"])
def test_a_terminal_that_cannot_move_gets_lines(
    monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv("TERM", variable)
    assert not seen().is_live
    assert seen().can_ask


def test_who_wants_quiet_gets_no_bars() -> None:
    screen = seen()
    screen.is_quiet = True
    assert not screen.is_live
