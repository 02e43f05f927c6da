"""Plain text of a transcript, in paragraphs."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from icu4py.breakers import SentenceBreaker

from orchestrator.captions.direction import direct, is_right_to_left
from orchestrator.captions.scripts import join_texts, width
from orchestrator.captions.tokens import clean, clean_name, milliseconds

__all__ = ["write_text"]

_PAUSE_MS: Final = 2_000  # ends a paragraph after a sentence
_LONG_PAUSE_MS: Final = 4_000  # ends a paragraph anywhere
_SENTENCES: Final = 5  # end a paragraph, unless they are short
_SHORT: Final = 250  # columns
_FULL: Final = 500  # the paragraph ends with its sentence
_OVERFULL: Final = 1_000  # the paragraph ends anywhere
_SENTENCE_END: Final = re.compile(r"[.!?…。！？؟۔།][\"'”’»)\]」』）]*(?=\s|$)|[。！？]")


@dataclass(frozen=True, slots=True)
class _Part:
    """A piece of text that is never split between paragraphs."""

    text: str
    start_ms: float
    end_ms: float
    speaker: str | None
    language: str | None


def write_text(
    text: str, segments: Iterable[Mapping[str, Any]] = (), *, language: str | None = None
) -> str:
    """Return the content of a text file: paragraphs separated by empty lines.

    A paragraph ends at a change of speaker or language, at a long pause, or after several
    sentences. It starts with the speaker's name if known.

    Args:
        text: The whole text.
        segments: Its segments, without words; see ``make_cues``. They are ignored if they do not
            contain the same text.
        language: The language of segments without one.
    """
    parts = [part for segment in segments for part in _parts(segment, language)]
    parts.sort(key=lambda part: part.start_ms)
    if sorted(_letters(part.text for part in parts)) != sorted(_letters([clean(text)])):
        parts = list(_parts({"text": text}, language))
    written = "\n\n".join(_write(paragraph) for paragraph in _paragraphs(parts))
    return f"{written}\n".encode("utf-8", "replace").decode()


def _parts(segment: Mapping[str, Any], language: str | None) -> Iterator[_Part]:
    """Yield a segment or, if it is long, its sentences."""
    text = clean(segment.get("text"))
    start_ms = milliseconds(segment.get("start"), 0.0)
    end_ms = max(start_ms, milliseconds(segment.get("end"), start_ms))
    language = str(segment.get("language") or "") or language
    speaker = clean_name(segment.get("speaker"))
    if not text:
        return
    pieces = [text]
    if width(text) > _SHORT:
        pieces = [*SentenceBreaker(text, f"{_code(language)}@ss=standard")]
    at = 0
    for piece in pieces:
        share = (end_ms - start_ms) / len(text)
        times = start_ms + at * share, start_ms + (at + len(piece)) * share
        yield _Part(piece.strip(), *times, speaker, language)
        at += len(piece)


def _code(language: str | None) -> str:
    """Return a language code for ICU."""
    found = re.match(r"[A-Za-z]{2,3}(?![A-Za-z])", language or "")
    return found[0] if found else "en"


def _paragraphs(parts: Iterable[_Part]) -> Iterator[list[_Part]]:
    paragraph: list[_Part] = []
    for part in parts:
        if paragraph and _is_break(paragraph, part):
            yield paragraph
            paragraph = []
        paragraph.append(part)
    if paragraph:
        yield paragraph


def _is_break(paragraph: list[_Part], part: _Part) -> bool:
    last = paragraph[-1]
    if (part.speaker, part.language) != (last.speaker, last.language):
        return True
    pause_ms = part.start_ms - max(one.end_ms for one in paragraph)
    columns = sum(width(one.text) for one in paragraph)
    if pause_ms >= _LONG_PAUSE_MS or columns >= _OVERFULL:
        return True
    ends = [match.end() == len(last.text) for match in _SENTENCE_END.finditer(last.text)]
    if not any(ends):
        return False
    sentences = sum(len(_SENTENCE_END.findall(one.text)) for one in paragraph)
    is_full = columns >= _FULL or (sentences >= _SENTENCES and columns >= _SHORT)
    return is_full or pause_ms >= _PAUSE_MS


def _write(paragraph: Iterable[_Part]) -> str:
    parts = list(paragraph)
    text = join_texts(part.text for part in parts)
    right_to_left = is_right_to_left(text, parts[0].language)
    name = f"{parts[0].speaker}: " if parts[0].speaker else ""
    return direct(f"{name}{text}", right_to_left=right_to_left)


def _letters(texts: Iterable[str]) -> str:
    return "".join("".join(text.split()) for text in texts)
