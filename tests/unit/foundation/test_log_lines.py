"""Log lines match the published format to the letter."""

import json
import logging
import threading
import time
from datetime import datetime

import pytest

from foundation.log_lines import JsonFormatter, LineFormatter, bound
from orchestrator.domain.pipeline import STAGES
from orchestrator.telemetry.log import LOGGER

# The example of the public contract: its times, its messages, its lines.
EXAMPLE = """\
2025-10-29 10:00:00,123 - modules.orchestrator - INFO - Starting pipeline for job a1b2c3d4
2025-10-29 10:00:05,456 - modules.orchestrator - INFO - Video job submitted: FtnKP8fSSdc_audio
2025-10-29 10:01:15,789 - modules.orchestrator - INFO - Transcription text retrieved: 1234 chars
""".splitlines()


def line(message: str, *arguments: object, at: str = "2025-10-29 10:00:00.123") -> str:
    """Return the line of a record that is made at a local time."""
    record = LOGGER.makeRecord(LOGGER.name, logging.INFO, __file__, 1, message, arguments, None)
    moment = datetime.fromisoformat(at)
    record.created = time.mktime(moment.timetuple()) + moment.microsecond / 1e6
    record.msecs = moment.microsecond / 1000
    return LineFormatter().format(record)


def test_the_lines_of_the_contract_s_example_come_out_to_the_letter() -> None:
    assert [
        line("Starting pipeline for job %s", "a1b2c3d4"),
        line(STAGES[0].submitted, "FtnKP8fSSdc_audio", at="2025-10-29 10:00:05.456"),
        line("Transcription text retrieved: %d chars", 1234, at="2025-10-29 10:01:15.789"),
    ] == EXAMPLE


def test_bound_fields_follow_the_line_in_brackets() -> None:
    with bound(job_id="a1b2c3d4", stage="download", attempt=1):
        written = line("Starting pipeline for job %s", "a1b2c3d4")
    assert written == f"{EXAMPLE[0]} [job_id=a1b2c3d4 stage=download attempt=1]"


def test_nothing_is_bound_after_the_block() -> None:
    with bound(job_id="a1b2c3d4"):
        pass
    assert line("Starting pipeline for job %s", "a1b2c3d4") == EXAMPLE[0]


def test_nothing_is_bound_after_a_block_that_fails() -> None:
    with pytest.raises(RuntimeError), bound(job_id="a1b2c3d4"):
        raise RuntimeError
    assert "[" not in line("Over")


def test_inner_facts_follow_outer_ones() -> None:
    with bound(job_id="a1"), bound(stage="download"):
        assert line("Now").endswith("Now [job_id=a1 stage=download]")


def test_a_thread_does_not_see_what_another_has_bound() -> None:
    seen: list[str] = []
    with bound(job_id="a1"):
        thread = threading.Thread(target=lambda: seen.append(line("Now")))
        thread.start()
        thread.join()
    assert seen[0].endswith("Now")


def test_a_traceback_follows_the_line() -> None:
    error = ValueError("too short")
    record = LOGGER.makeRecord(
        LOGGER.name, logging.ERROR, __file__, 1, "It broke", (), (ValueError, error, None)
    )
    with bound(job_id="a1"):
        first, *rest = LineFormatter().format(record).splitlines()
    assert first.endswith("ERROR - It broke [job_id=a1]")
    assert rest[-1] == "  ValueError: too short"


def test_text_from_outside_cannot_forge_a_line() -> None:
    forged = "x\r\n2025-10-29 10:00:00,123 - modules.orchestrator - INFO - Well\x1b[2K\u2028y"
    written = line("Source refused: %s", forged)
    assert written.splitlines() == [written]
    assert "\x1b" not in written
    assert r"x\r\n2025-10-29" in written


def test_a_traceback_cannot_forge_a_line() -> None:
    error = ValueError("x\n2025-10-29 10:00:00,123 - modules.orchestrator - INFO - Well")
    record = LOGGER.makeRecord(
        LOGGER.name, logging.ERROR, __file__, 1, "It broke", (), (ValueError, error, None)
    )
    _, *rest = LineFormatter().format(record).splitlines()
    assert all(following.startswith("  ") for following in rest)


def test_empty_fields_are_not_bound() -> None:
    with bound(job_id="a1", request_id="", trace=None, attempt=0):
        assert line("Now").endswith("Now [job_id=a1 attempt=0]")


def test_the_next_second_has_a_time_of_its_own() -> None:
    formatter = LineFormatter()
    record = LOGGER.makeRecord(LOGGER.name, logging.INFO, __file__, 1, "Now", (), None)
    times = []
    for record.created in (1_000_000_000.25, 1_000_000_000.75, 1_000_000_001.0):
        record.msecs = record.created % 1 * 1000
        times.append(formatter.make(record)[17:23])
    assert times == ["40,250", "40,750", "41,000"]


def test_a_secret_is_hidden_in_a_line_and_in_a_traceback() -> None:
    error = ValueError("https://ann:hunter2@video.test/a?sig=s3cr3t")
    record = LOGGER.makeRecord(
        LOGGER.name, logging.ERROR, __file__, 1, "Bad: %s", (error,), (ValueError, error, None)
    )
    for formatter in (LineFormatter(), JsonFormatter()):
        written = formatter.format(logging.makeLogRecord(record.__dict__))
        assert written.count("https://***@video.test/a?sig=***") == 2, "message and traceback"
        assert "hunter2" not in written
        assert "s3cr3t" not in written


def test_a_record_as_json_has_its_facts_as_fields() -> None:
    record = LOGGER.makeRecord(
        LOGGER.name, logging.WARNING, __file__, 1, "Já\n%s", ("\x1b[1m",), None
    )
    record.created = 1_761_732_000.123
    with bound(job_id="a1b2c3d4", stage="download", attempt=1, request_id="r1"):
        written = JsonFormatter().format(record)
    assert written.isascii()
    assert written.isprintable()
    assert json.loads(written) == {
        "time": "2025-10-29T10:00:00.123Z",
        "level": "WARNING",
        "logger": "modules.orchestrator",
        "message": "Já\n\x1b[1m",
        "job_id": "a1b2c3d4",
        "stage": "download",
        "attempt": 1,
        "request_id": "r1",
    }


def test_a_record_is_made_into_text_once_for_all_handlers() -> None:
    formatter = LineFormatter()
    record = LOGGER.makeRecord(LOGGER.name, logging.INFO, __file__, 1, "Now", (), None)
    assert formatter.format(record) is formatter.format(record)
    assert JsonFormatter().format(record).startswith("{"), "another format is another text"
