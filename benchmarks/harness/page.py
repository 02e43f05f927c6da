"""Writing of the tables in the documentation."""

from pathlib import Path

__all__ = ["write_table"]

_DOCS = Path(__file__).parents[2] / "docs"
_BEGIN, _END = "<!-- begin of the table -->", "<!-- end of the table -->"


def write_table(page: str, text: str) -> None:
    """Replace the text between the markers of a page.

    Raises:
        ValueError: The page has no markers.
    """
    path = _DOCS / page
    before, begin, rest = path.read_text().partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if not (begin and end):
        raise ValueError(f"{path} has no markers for the table")
    path.write_text(f"{before}{_BEGIN}\n\n{text}\n\n{_END}{after}")
