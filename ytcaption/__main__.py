"""``ytcaption``, or ``python -m ytcaption``."""

import importlib.util
import sys

__all__ = ["main"]


def main() -> None:
    """Run the command line and exit with its exit code."""
    if any(importlib.util.find_spec(name) is None for name in ("rich", "typer")):
        sys.exit("ytcaption requires the extra `cli`: pip install 'ytcaption-orchestrator[cli]'")
    # Imported here, so that a missing extra does not cause a traceback.
    from ytcaption.commands.app import run  # noqa: PLC0415

    run(sys.argv[1:])


if __name__ == "__main__":
    main()
