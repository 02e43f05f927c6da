"""Words are grouped into segments, and loops of the model are removed."""

from services.transcriber.segmentation import MAX_CHARS, drop_loops, make_segments
from services.transcriber.transcript import Word

SPOKEN_S = 0.3


def make_words(
    text: str, *, start_s: float = 0.0, seconds: float = SPOKEN_S, confidence: float = 0.9
) -> list[Word]:
    return [
        Word(f" {word}", start_s + number * seconds, start_s + (number + 1) * seconds, confidence)
        for number, word in enumerate(text.split())
    ]


def get_texts(words: list[Word]) -> list[str]:
    return [segment.text.strip() for segment in make_segments(words)]


def test_a_sentence_ends_a_segment_and_a_title_does_not() -> None:
    spoken = make_words("Mr. Dashwood had leisure.") + make_words("He thought.", start_s=2)
    assert get_texts(spoken) == ["Mr. Dashwood had leisure.", "He thought."]


def test_a_pause_ends_a_segment() -> None:
    assert get_texts(make_words("ask not") + make_words("what", start_s=5)) == ["ask not", "what"]


def test_no_segment_grows_far_beyond_two_lines_and_no_word_is_lost() -> None:
    text = " ".join(["country"] * 60)
    segments = get_texts(make_words(text))
    assert " ".join(segments) == text
    assert max(map(len, segments)) <= MAX_CHARS + len(" country")


def test_a_segment_lasts_from_its_first_word_to_its_last() -> None:
    (segment,) = make_segments(make_words("ask not", start_s=4))
    assert (segment.start, segment.end, len(segment.words)) == (4, 4 + 2 * SPOKEN_S, 2)


def test_no_words_make_no_segment() -> None:
    assert make_segments([]) == []


def test_a_loop_is_reduced_to_its_first_phrase() -> None:
    spoken = make_words("Ask what you can do.")
    for squeezed in (
        make_words("Thanks for watching. " * 6, seconds=0.02),
        make_words("you " * 30, seconds=0.01),
        make_words("Thanks for watching. " * 6, confidence=0.2),
    ):
        phrase = {word.word for word in squeezed}
        assert drop_loops(spoken + squeezed) == spoken + squeezed[: len(phrase)]


def test_a_phrase_that_was_really_repeated_is_kept() -> None:
    spoken = make_words("La conférence débutera dès maintenant. " * 5)
    assert drop_loops(spoken) == spoken


def test_a_word_that_was_repeated_quickly_is_kept() -> None:
    spoken = make_words("no no no", seconds=0.05)
    assert drop_loops(spoken) == spoken
