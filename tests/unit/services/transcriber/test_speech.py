"""Speech is packed into chunks, and times in a chunk are converted back."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.transcriber.speech import (
    CHUNK_SAMPLES,
    PACKED_SAMPLES,
    SAMPLE_RATE_HZ,
    Chunk,
    Span,
    hold_back,
    pack,
)


def make_span(start_s: float, end_s: float) -> Span:
    return Span(round(start_s * SAMPLE_RATE_HZ), round(end_s * SAMPLE_RATE_HZ))


@given(st.lists(st.tuples(st.integers(1, 30), st.integers(0, 40)), max_size=30))
def test_chunks_hold_all_speech_in_order_and_fit_the_model(lengths: list[tuple[int, int]]) -> None:
    spans, end_s = [], 0
    for length_s, pause_s in lengths:
        spans.append(make_span(end_s + pause_s, end_s + pause_s + length_s))
        end_s += pause_s + length_s
    chunks = pack(spans)
    assert [span for chunk in chunks for span in chunk.spans] == spans
    assert all(sum(span.length for span in chunk.spans) <= CHUNK_SAMPLES for chunk in chunks)
    for chunk, following in pairwise(chunks):
        assert sum(s.length for s in (*chunk.spans, following.spans[0])) > PACKED_SAMPLES


@pytest.mark.parametrize(
    ("in_chunk", "in_section"),
    [
        ((0.5, 1.5), (10.5, 11.5)),
        ((2.5, 3.0), (20.5, 21.0)),  # after the removed silence
        ((1.9, 2.5), (20.0, 20.5)),  # its middle is after the cut
        ((1.5, 2.2), (11.5, 12.0)),  # its middle is before the cut
        ((9.0, 11.0), (25.0, 25.0)),  # after the end of the chunk
    ],
)
def test_times_in_a_chunk_are_converted_to_times_in_the_section(
    in_chunk: tuple[float, float], in_section: tuple[float, float]
) -> None:
    chunk = Chunk((make_span(10, 12), make_span(20, 25)))
    assert chunk.locate(*in_chunk) == pytest.approx(in_section)


def test_the_last_chunk_is_held_back() -> None:
    first, last = Chunk((make_span(1, 29),)), Chunk((make_span(30, 40), make_span(41, 50)))
    assert hold_back([first, last], end=800_000) == ([first], last.start)


def test_a_single_chunk_is_complete_except_for_its_last_span() -> None:
    spans = make_span(1, 2), make_span(3, 4)
    assert hold_back([Chunk(spans)], end=800_000) == ([Chunk(spans[:1])], spans[1].start)
    assert hold_back([Chunk(spans[1:])], end=800_000) == ([], spans[1].start)


def test_silence_is_skipped_except_for_its_last_second() -> None:
    assert hold_back([], end=100_000) == ([], 100_000 - SAMPLE_RATE_HZ)


def test_a_word_across_a_short_cut_keeps_its_start_and_its_end() -> None:
    chunk = Chunk((Span(0, 16_000), Span(20_000, 36_000)))  # a quarter of a second is removed
    assert chunk.locate(0.75, 1.5) == (0.75, 1.75)


def test_a_word_across_a_long_cut_belongs_to_the_span_with_its_middle() -> None:
    chunk = Chunk((Span(0, 16_000), Span(48_000, 64_000)))
    assert chunk.locate(0.75, 1.5) == (3.0, 3.5)
