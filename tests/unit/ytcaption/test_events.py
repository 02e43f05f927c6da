"""Parsing of Server-Sent Events."""

from datetime import UTC, datetime

import pytest

from ytcaption.events import Event, read_events


def read(stream: str) -> list[Event]:
    return list(read_events(stream.encode().split(b"\n")))


def test_events_come_with_their_ids_and_data() -> None:
    (event,) = read('event: stage\nid: 5-0\ndata: {"at": "2025-10-29T10:00:00.123Z"}\n\n')
    assert (event.kind, event.event_id) == ("stage", "5-0")
    assert event.at == datetime(2025, 10, 29, 10, 0, 0, 123_000, UTC)


def test_heartbeats_and_the_retry_field_are_not_events() -> None:
    assert read(": still here\n\nretry: 2000\n\n") == []


def test_a_space_after_the_colon_may_be_missing() -> None:
    assert read('event:end\nid:1-1\ndata:{"status": "completed"}\n\n') == [
        Event("1-1", "end", {"status": "completed"})
    ]


def test_lines_may_end_with_crlf() -> None:
    assert read("event: end\r\nid: 1-1\r\ndata: {}\r\n\r\n") == [Event("1-1", "end", {})]


def test_an_incomplete_event_is_ignored() -> None:
    assert read('event: end\nid: 1-1\ndata: {"status"') == []


def test_data_that_is_not_json_is_an_error() -> None:
    with pytest.raises(ValueError, match="Expecting value"):
        read("event: end\ndata: oops\n\n")
