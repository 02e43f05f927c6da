"""The tables in the documentation that benchmarks write."""

from pathlib import Path

__all__ = ["write_table"]

_DOCS = Path(__file__).parents[2] / "docs"
_BEGIN, _END = "<!-- begin of the table -->", "<!-- end of the table -->"


def write_table(page: str, text: str) -> None:
    """Put a text between the marks in a page, in place of the one before.

    Raises:
        ValueError: The page has no marks.
    """
    path = _DOCS / page
    before, begin, rest = path.read_text().partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if not (begin and end):
        raise ValueError(f"{path} has no marks for the table")
    path.write_text(f"{before}{_BEGIN}\n\n{text}\n\n{_END}{after}")
