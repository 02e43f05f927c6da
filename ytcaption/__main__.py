"""``ytcaption``, or ``python -m ytcaption``."""

import importlib.util
import sys

__all__ = ["main"]


def main() -> None:
    """Run the command line, and end the process with its exit code."""
    if any(importlib.util.find_spec(needed) is None for needed in ("rich", "typer")):
        sys.exit("ytcaption needs its extra: pip install 'ytcaption-orchestrator[cli]'")
    # Not at the top: it needs the extra, without which that would be a traceback.
    from ytcaption.commands.app import run  # noqa: PLC0415

    run(sys.argv[1:])


if __name__ == "__main__":
    main()
