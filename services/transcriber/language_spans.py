"""Detects changes of language within a section: pure."""

import math
from collections.abc import Mapping, Sequence

from services.transcriber.detection import Speech
from services.transcriber.speech import SAMPLE_RATE_HZ, Span

SHORTEST_PIECE = 2 * SAMPLE_RATE_HZ
LONGEST_PIECE = 5 * SAMPLE_RATE_HZ
SURE = 0.7
"""Probability of a language from which on it counts as a change."""
CHANGE_COST = 2.0
"""Cost of a change in the Viterbi search, as a natural logarithm of odds."""
FULL_WEIGHT = 3 * SAMPLE_RATE_HZ
"""Length from which on a piece has its full weight."""
LEAST_PROBABILITY = 0.005

CONFUSED = (
    frozenset({"da", "nn", "no", "sv"}),
    frozenset({"bs", "hr", "sl", "sr"}),
    frozenset({"be", "ru", "uk"}),
    frozenset({"hi", "ur"}),
    frozenset({"id", "jv", "ms", "su"}),
    frozenset({"gl", "pt"}),
    frozenset({"es", "gl"}),
    frozenset({"ca", "oc"}),
    frozenset({"cs", "sk"}),
    frozenset({"yue", "zh"}),
    frozenset({"fo", "is"}),
    frozenset({"af", "nl"}),
    frozenset({"de", "lb"}),
)
"""Groups of languages that the model confuses."""


def are_confused(one: str, other: str) -> bool:
    """Return whether the model confuses two languages."""
    return one == other or any(one in group and other in group for group in CONFUSED)


def find_other(
    probabilities: Mapping[str, float], known: str, *, least: float = SURE
) -> str | None:
    """Return the most probable language if it reaches ``least`` and is not the known one."""
    if not probabilities:
        return None
    best = max(probabilities, key=lambda code: probabilities[code])
    is_other = probabilities[best] >= least and not are_confused(best, known)
    return best if is_other else None


def cut_pieces(
    spans: Sequence[Span], speech: Speech, *, longest: int = LONGEST_PIECE
) -> list[Span]:
    """Cut speech at pauses into pieces for language detection."""
    pieces: list[Span] = []
    for span in spans:
        parts = _halve(span, speech, longest)
        joined = pieces[-1] if pieces else None
        if (
            joined
            and joined.end == parts[0].start
            and min(joined.length, parts[0].length) < SHORTEST_PIECE
            and joined.length + parts[0].length <= longest
        ):
            pieces[-1] = Span(joined.start, parts[0].end)
            parts = parts[1:]
        pieces += parts
    return pieces


def _halve(span: Span, speech: Speech, longest: int) -> list[Span]:
    if span.length <= longest:
        return [span]
    quarter = span.length // 4
    middle = speech.find_dip(span.start + quarter, span.end - quarter)
    return [
        *_halve(Span(span.start, middle), speech, longest),
        *_halve(Span(middle, span.end), speech, longest),
    ]


def choose_languages(
    pieces: Sequence[Span], probabilities: Sequence[Mapping[str, float]], known: str
) -> list[str]:
    """Return the language of each piece: the cheapest path with a cost per change (Viterbi).

    Args:
        pieces: Pieces in order.
        probabilities: Language probabilities of each piece; empty if unknown.
        known: The language spoken so far.
    """
    codes = [known]
    for one in probabilities:
        other = find_other(one, known)
        if other and other not in codes:
            codes.append(other)
    costs = {code: 0.0 if code == known else CHANGE_COST for code in codes}
    paths: dict[str, list[str]] = {code: [] for code in codes}
    for piece, found in zip(pieces, probabilities, strict=True):
        before, costs_before = paths, costs
        paths, costs = {}, {}
        for code in codes:
            cost, origin = min(
                (costs_before[other] + CHANGE_COST * (other != code), other) for other in codes
            )
            costs[code] = cost + _measure_cost(piece, found, code)
            paths[code] = [*before[origin], code]
    return paths[min(codes, key=lambda code: (costs[code], code != known))]


def _measure_cost(piece: Span, probabilities: Mapping[str, float], code: str) -> float:
    if not probabilities:
        return 0.0
    confused = sum(value for other, value in probabilities.items() if are_confused(code, other))
    return -math.log(max(confused, LEAST_PROBABILITY)) * min(1.0, piece.length / FULL_WEIGHT)


def group_runs(pieces: Sequence[Span], codes: Sequence[str]) -> list[tuple[str, tuple[Span, ...]]]:
    """Group adjacent pieces of one language into runs; join adjacent spans."""
    runs: list[tuple[str, list[Span]]] = []
    for piece, code in zip(pieces, codes, strict=True):
        if not runs or runs[-1][0] != code:
            runs.append((code, [piece]))
        elif runs[-1][1][-1].end == piece.start:
            runs[-1][1][-1] = Span(runs[-1][1][-1].start, piece.end)
        else:
            runs[-1][1].append(piece)
    return [(code, tuple(spans)) for code, spans in runs]
