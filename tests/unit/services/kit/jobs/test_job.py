"""A job is stored in a hash and returned as an object."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from services.kit.jobs.job import Job, clamp_progress, encode_fields, format_instant, make_tag

HASH = {
    "id": "dl_1",
    "status": "downloading",
    "progress": "42.5",
    "tag": "downloading-40",
    "created_at": "2025-10-29T10:00:00.000Z",
    "updated_at": "2025-10-29T10:00:01.000Z",
    "details": '{"title": "A"}',
    "owner": "somebody",
}


def test_a_job_shows_its_identity_twice_and_keeps_its_owner_to_itself() -> None:
    shown = Job.model_validate(HASH).to_object()
    assert shown["id"] == shown["job_id"] == "dl_1"
    assert shown["progress"] == 42.5
    assert shown["details"] == {"title": "A"}
    assert shown.keys().isdisjoint({"owner", "tag", "upload_name"})


@pytest.mark.parametrize(
    ("status", "is_terminal"),
    [("queued", False), ("downloading", False), ("completed", True), ("failed", True)],
)
def test_only_an_ended_job_is_terminal(status: str, *, is_terminal: bool) -> None:
    assert Job.model_validate(HASH | {"status": status}).is_terminal is is_terminal


def test_fields_that_are_unknown_are_not_written() -> None:
    fields = {"a": "text", "b": None, "c": {"d": 1}, "e": False, "f": 5}
    assert encode_fields(fields) == ["a", "text", "c", '{"d": 1}', "e", "false", "f", "5"]


def test_what_is_written_is_read_back() -> None:
    written = encode_fields({"retryable": True, "size_bytes": 7, "options": {"x": "y"}})
    pairs = dict(zip(written[::2], written[1::2], strict=True))
    job = Job.model_validate(HASH | pairs)
    assert (job.retryable, job.size_bytes, job.options) == (True, 7, {"x": "y"})


@pytest.mark.parametrize(
    ("progress", "tag"), [(0, "x-0"), (4.9, "x-0"), (5, "x-5"), (100, "x-100")]
)
def test_a_tag_moves_in_steps_of_five_points(progress: float, tag: str) -> None:
    assert make_tag("x", progress) == tag


@pytest.mark.parametrize(
    ("progress", "shown"),
    [(-1, 0), (0.5, 0), (1, 0), (1.04, 0), (1.06, 1.1), (99.96, 100), (101, 100)],
)
def test_progress_is_never_mistaken_for_a_fraction(progress: float, shown: float) -> None:
    assert clamp_progress(progress) == shown


def test_times_are_in_utc_with_milliseconds() -> None:
    zone = timezone(timedelta(hours=-3))
    instant = datetime(2025, 10, 29, 7, 0, 0, 123999, tzinfo=zone)
    assert format_instant(instant) == "2025-10-29T10:00:00.123Z"
    assert format_instant(datetime(2025, 1, 1, tzinfo=UTC)) == "2025-01-01T00:00:00.000Z"
