"""How words become lines, and which repetitions are the model's own."""

from services.transcriber.segmentation import MAX_CHARS, drop_loops, make_segments
from services.transcriber.transcript import Word

SPOKEN_S = 0.3


def say(
    text: str, *, start_s: float = 0.0, seconds: float = SPOKEN_S, confidence: float = 0.9
) -> list[Word]:
    return [
        Word(f" {word}", start_s + number * seconds, start_s + (number + 1) * seconds, confidence)
        for number, word in enumerate(text.split())
    ]


def read(words: list[Word]) -> list[str]:
    return [segment.text.strip() for segment in make_segments(words)]


def test_a_sentence_ends_a_segment_and_a_title_does_not() -> None:
    spoken = say("Mr. Dashwood had leisure.") + say("He thought.", start_s=2)
    assert read(spoken) == ["Mr. Dashwood had leisure.", "He thought."]


def test_a_pause_ends_a_segment() -> None:
    assert read(say("ask not") + say("what", start_s=5)) == ["ask not", "what"]


def test_no_segment_grows_far_beyond_two_lines_and_no_word_is_lost() -> None:
    text = " ".join(["country"] * 60)
    segments = read(say(text))
    assert " ".join(segments) == text
    assert max(map(len, segments)) <= MAX_CHARS + len(" country")


def test_a_segment_lasts_from_its_first_word_to_its_last() -> None:
    (segment,) = make_segments(say("ask not", start_s=4))
    assert (segment.start, segment.end, len(segment.words)) == (4, 4 + 2 * SPOKEN_S, 2)


def test_nobody_speaking_makes_no_segment() -> None:
    assert make_segments([]) == []


def test_an_invented_line_that_repeats_itself_is_dropped() -> None:
    spoken = say("Ask what you can do.")
    for squeezed in (
        say("Thanks for watching. " * 6, seconds=0.02),
        say("you " * 30, seconds=0.01),
        say("Thanks for watching. " * 6, confidence=0.2),
    ):
        phrase = {word.word for word in squeezed}
        assert drop_loops(spoken + squeezed) == spoken + squeezed[: len(phrase)]


def test_a_line_that_was_really_said_again_and_again_stays() -> None:
    spoken = say("La conférence débutera dès maintenant. " * 5)
    assert drop_loops(spoken) == spoken


def test_a_word_said_twice_in_haste_stays() -> None:
    spoken = say("no no no", seconds=0.05)
    assert drop_loops(spoken) == spoken
