"""The output of ``make media``."""

from collections import Counter
from collections.abc import Sequence

from benchmarks.media.verdict import Result, Verdict


def format_row(verdict: Verdict) -> str:
    """Return the line of a case."""
    name = f"{verdict.case.kind}/{verdict.case.name}"
    reason = f"  {verdict.reason}" if verdict.reason else ""
    return f"{verdict.result:15} {verdict.elapsed_s:6.1f} s  {name}{reason}"


def format_summary(verdicts: Sequence[Verdict]) -> str:
    """Return a line per kind, and a total."""
    rows = [f"\n{'kind':14} {'right':>6} {'refused rightly':>16} {'wrong':>6}"]
    kinds = dict.fromkeys(verdict.case.kind for verdict in verdicts)
    rows += [_format_counts(kind, [v for v in verdicts if v.case.kind == kind]) for kind in kinds]
    rows.append(_format_counts("all", verdicts))
    wrong = [format_row(verdict) for verdict in verdicts if verdict.is_wrong]
    counts = Counter(verdict.result for verdict in verdicts)
    return "\n".join(
        [
            *rows,
            *(["", "Errors:", *wrong] if wrong else []),
            "",
            f"{len(verdicts)} inputs: "
            + ", ".join(f"{counts[result]} {result}" for result in Result),
        ]
    )


def _format_counts(name: str, verdicts: Sequence[Verdict]) -> str:
    counts = Counter(verdict.result for verdict in verdicts)
    right, refused, wrong = (counts[result] for result in Result)
    return f"{name:14} {right:6} {refused:16} {wrong:6}"
