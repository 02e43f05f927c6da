"""How a service writes a record: as a line or as JSON, with what is bound, without secrets."""

import json
import logging

import pytest

from services.kit.telemetry.log import JsonFormatter, TextFormatter, bound

_TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


def record(message: str, error: Exception | None = None) -> logging.LogRecord:
    told = (type(error), error, None) if error else None
    return logging.LogRecord(
        "services.kit.running.runner", logging.INFO, __file__, 1, message, (), told
    )


def test_a_line_ends_with_what_is_bound() -> None:
    with bound(job="dl_1", trace=_TRACE, other=None):
        line = TextFormatter().format(record("Work begins"))
    assert line.endswith(
        f" - services.kit.running.runner - INFO - Work begins job=dl_1 trace={_TRACE}"
    )
    assert TextFormatter().format(record("Over")).endswith("Over")


def test_a_record_as_json_has_what_is_bound_as_fields() -> None:
    with bound(job="dl_1", trace=_TRACE):
        told = json.loads(JsonFormatter().format(record("Work begins")))
    assert told.pop("time").endswith("Z")
    assert told == {
        "level": "INFO",
        "logger": "services.kit.running.runner",
        "message": "Work begins",
        "job": "dl_1",
        "trace": _TRACE,
    }


@pytest.mark.parametrize("formatter", [TextFormatter(), JsonFormatter()])
def test_no_secret_of_an_address_is_written(formatter: logging.Formatter) -> None:
    address = "https://ann:hunter2@video.test/a?sig=s3cr3t"
    written = formatter.format(record(f"Cannot get {address}", ValueError(address)))
    assert written.count("https://***@video.test/a?sig=***") == 2
