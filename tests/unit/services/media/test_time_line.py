"""Timestamps that jump: a discontinuity, or a gap in the sound."""

from collections.abc import Iterable

import pytest

from services.media.time_line import PacketTimes, TimeLine

AUDIO, VIDEO = 1, 0


def packet(stream: int, start_s: float) -> PacketTimes:
    return PacketTimes(stream, start_s, start_s + 0.5, start_s)


def run(packets: Iterable[PacketTimes], *, can_skip: bool = True) -> tuple[list[float], TimeLine]:
    """Return the times of the audio packets on the time line, and the time line."""
    time_line = TimeLine(AUDIO, can_skip=can_skip)
    queue, placed = [*packets], []
    for number, one in enumerate(queue):
        following = None
        if time_line.needs_other_stream(one):
            following = next((next_ for next_ in queue[number:] if next_.stream != AUDIO), None)
        time_line.add(one, following)
        if one.stream == AUDIO:
            placed.append(one.start + time_line.offset_s)
    return placed, time_line


def both(*starts_s: float) -> list[PacketTimes]:
    """Return a video packet and an audio packet at each time."""
    return [packet(stream, start_s) for start_s in starts_s for stream in (VIDEO, AUDIO)]


@pytest.mark.parametrize("restart_s", [0.0, 1000.0, 30_000.0])
def test_a_discontinuity_of_all_streams_leaves_no_gap(restart_s: float) -> None:
    placed, time_line = run(both(5, 5.5, restart_s, restart_s + 0.5))
    assert placed == [5, 5.5, 6, 6.5]
    assert time_line.gaps == []


def test_the_order_in_which_streams_jump_does_not_matter() -> None:
    later = [packet(AUDIO, 0), packet(VIDEO, 0), packet(AUDIO, 0.5)]
    assert run([*both(5, 5.5), *later])[0] == [5, 5.5, 6, 6.5]


def test_a_gap_in_the_audio_alone_is_silence() -> None:
    video = [packet(VIDEO, start / 2) for start in range(11, 80)]
    placed, time_line = run([*both(5), *video, packet(AUDIO, 40)])
    assert placed == [5, 40]
    assert time_line.gaps == []


def test_a_short_gap_in_all_streams_is_lost_data() -> None:
    placed, time_line = run(both(5, 5.5, 10, 10.5))
    assert placed == [5, 5.5, 10, 10.5]
    assert time_line.gaps == [(6, 10)]


def test_a_clock_that_returns_after_a_discontinuity_continues() -> None:
    """The insert is an advertisement of one second with its own clock."""
    assert run(both(5, 5.5, 0, 0.5, 6, 6.5))[0] == [5, 5.5, 6, 6.5, 7, 7.5]


def test_a_recording_lasts_as_long_as_its_video() -> None:
    video = [packet(VIDEO, 6), packet(VIDEO, 6.5)]
    assert run([*both(5, 5.5), *video, *both(0)])[0] == [5, 5.5, 7]


def test_timestamps_that_restart_without_video_continue() -> None:
    assert run([packet(AUDIO, 5), packet(AUDIO, 0)])[0] == [5, 5.5]


def test_in_formats_without_discontinuities_a_long_gap_is_silence() -> None:
    assert run(both(5, 1000), can_skip=False)[0] == [5, 1000]


def test_small_differences_are_not_a_jump() -> None:
    assert run(both(5, 5.52, 5.97))[0] == [5, 5.52, 5.97]
