"""Make an API key: ``python -m web.keys NAME submit read``."""

import sys
from argparse import ArgumentParser

from orchestrator.domain.access import Scope, make_key

__all__ = ["main"]


def main() -> None:
    """Print a new key, and the line that makes the API know it."""
    parser = ArgumentParser(prog="python -m web.keys", description="Make an API key.")
    parser.add_argument("name", help="whose it is; keys of one name share their jobs")
    parser.add_argument(
        "scopes", nargs="+", choices=list(Scope), metavar="scope", help=", ".join(Scope)
    )
    asked = parser.parse_args()
    try:
        clear, key = make_key(asked.name, asked.scopes)
    except ValueError as error:
        parser.error(str(error))
    sys.stdout.write(
        f"The key, which is shown this once and stored nowhere:\n\n    {clear}\n\n"
        f"Add to API_KEYS (several are separated by commas), and restart the API:\n\n"
        f"    API_KEYS={key}\n"
    )


if __name__ == "__main__":
    main()
