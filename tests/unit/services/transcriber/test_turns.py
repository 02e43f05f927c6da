"""A segment is split where the speaker changes."""

import numpy as np

from services.transcriber.diarization import Embedding
from services.transcriber.transcript import Segment, Word
from services.transcriber.turns import Encode, split_turns


def make_segment(count: int) -> Segment:
    words = tuple(Word(f" w{at}", at * 0.5, at * 0.5 + 0.4, 0.9) for at in range(count))
    return Segment("".join(word.word for word in words), 0.0, words[-1].end, words, language="en")


def voices_changing_at(change_s: float) -> Encode:
    def encode(start_s: float, end_s: float) -> Embedding:
        other = min(max((end_s - change_s) / (end_s - start_s), 0.0), 1.0)
        embedding = np.array([1 - other, other], np.float32)
        return np.asarray(embedding / np.linalg.norm(embedding), np.float32)

    return encode


def test_a_change_of_voice_breaks_a_segment() -> None:
    segment = make_segment(12)
    words = list(segment.words)
    words[6:] = [Word(one.word, one.start + 0.1, one.end + 0.1, 0.8) for one in words[6:]]
    segment = Segment(segment.text, 0.0, words[-1].end, tuple(words), language="en")
    first, second = split_turns(segment, voices_changing_at(3.0))
    assert (first.text, second.text) == (" w0 w1 w2 w3 w4 w5", " w6 w7 w8 w9 w10 w11")
    assert (first.end, second.start, second.confidence) == (2.9, 3.1, 0.8)


def test_one_voice_stays_one_segment() -> None:
    segment = make_segment(12)
    assert split_turns(segment, voices_changing_at(99.0)) == [segment]


def test_a_short_segment_is_not_split() -> None:
    segment = make_segment(3)
    assert split_turns(segment, voices_changing_at(0.7)) == [segment]
