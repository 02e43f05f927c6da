"""Command that generates an API key: ``python -m web.keys NAME submit read``."""

import sys
from argparse import ArgumentParser

from orchestrator.domain.access import Scope, make_key

__all__ = ["main"]


def main() -> None:
    """Print a new key and its entry for ``API_KEYS``."""
    parser = ArgumentParser(prog="python -m web.keys", description="Generate an API key.")
    parser.add_argument("name", help="owner of the key; keys with the same name share their jobs")
    parser.add_argument(
        "scopes", nargs="+", choices=list(Scope), metavar="scope", help=", ".join(Scope)
    )
    arguments = parser.parse_args()
    try:
        clear, key = make_key(arguments.name, arguments.scopes)
    except ValueError as error:
        parser.error(str(error))
    sys.stdout.write(
        f"API key, shown only once:\n\n    {clear}\n\n"
        f"Add this entry to API_KEYS (separate several with commas) and restart the API:\n\n"
        f"    API_KEYS={key}\n"
    )


if __name__ == "__main__":
    main()
