"""Timestamps that jump: another clock, or a gap in the sound."""

from collections.abc import Iterable

import pytest

from services.media.clock import Clock, Stamp

AUDIO, VIDEO = 1, 0


def stamp(stream: int, start_s: float) -> Stamp:
    return Stamp(stream, start_s, start_s + 0.5, start_s)


def run(stamps: Iterable[Stamp], *, can_skip: bool = True) -> tuple[list[float], Clock]:
    """Return where the sound is put, and the clock after that."""
    clock = Clock(AUDIO, can_skip=can_skip)
    queue, placed = [*stamps], []
    for number, one in enumerate(queue):
        following = None
        if clock.needs_next(one):
            following = next((next_ for next_ in queue[number:] if next_.stream != AUDIO), None)
        clock.pass_stamp(one, following)
        if one.stream == AUDIO:
            placed.append(one.start + clock.shift)
    return placed, clock


def both(*starts_s: float) -> list[Stamp]:
    """Return a picture and a sound at each time."""
    return [stamp(stream, start_s) for start_s in starts_s for stream in (VIDEO, AUDIO)]


@pytest.mark.parametrize("restart_s", [0.0, 1000.0, 30_000.0])
def test_all_streams_on_another_clock_go_on_where_they_were(restart_s: float) -> None:
    placed, clock = run(both(5, 5.5, restart_s, restart_s + 0.5))
    assert placed == [5, 5.5, 6, 6.5]
    assert clock.gaps == []


def test_it_makes_no_difference_which_stream_jumps_first() -> None:
    later = [stamp(AUDIO, 0), stamp(VIDEO, 0), stamp(AUDIO, 0.5)]
    assert run([*both(5, 5.5), *later])[0] == [5, 5.5, 6, 6.5]


def test_sound_that_pauses_while_the_picture_goes_on_keeps_its_time() -> None:
    pictures = [stamp(VIDEO, start / 2) for start in range(11, 80)]
    placed, clock = run([*both(5), *pictures, stamp(AUDIO, 40)])
    assert placed == [5, 40]
    assert clock.gaps == []


def test_a_short_gap_in_all_streams_is_missing_data() -> None:
    placed, clock = run(both(5, 5.5, 10, 10.5))
    assert placed == [5, 5.5, 10, 10.5]
    assert clock.gaps == [(6, 10)]


def test_a_clock_that_returns_goes_on() -> None:
    """An advertisement of a second, on a clock of its own."""
    assert run(both(5, 5.5, 0, 0.5, 6, 6.5))[0] == [5, 5.5, 6, 6.5, 7, 7.5]


def test_a_part_lasts_as_long_as_its_picture() -> None:
    picture = [stamp(VIDEO, 6), stamp(VIDEO, 6.5)]
    assert run([*both(5, 5.5), *picture, *both(0)])[0] == [5, 5.5, 7]


def test_sound_alone_that_starts_again_goes_on() -> None:
    assert run([stamp(AUDIO, 5), stamp(AUDIO, 0)])[0] == [5, 5.5]


def test_where_clocks_do_not_jump_a_long_gap_is_a_gap() -> None:
    assert run(both(5, 1000), can_skip=False)[0] == [5, 1000]


def test_small_differences_are_no_jump() -> None:
    assert run(both(5, 5.52, 5.97))[0] == [5, 5.52, 5.97]
